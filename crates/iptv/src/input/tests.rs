use super::*;

#[test]
fn text_that_is_not_utf_8_is_in_the_other_encoding() {
    let other = encoding_rs::ISO_8859_2;

    assert_eq!(decode(b"\xb3\xf3d\xbc", other), "łódź");
    assert_eq!(decode("łódź".as_bytes(), other), "łódź");
}

#[test]
fn a_page_is_known_by_its_first_tag() {
    for page in ["<!DOCTYPE HTML>", " \n<html lang=es>", "<Head>"] {
        assert!(is_html(page.as_bytes()), "{page}");
    }
    for other in ["<tv>", "<!DOCTYPE tv>", "#EXTM3U", ""] {
        assert!(!is_html(other.as_bytes()), "{other}");
    }
}

#[test]
fn the_title_of_a_page_is_one_line() {
    assert_eq!(html_title(b"<head><TITLE> Log\n in </Title>").as_deref(), Some("Log in"));
    assert_eq!((html_title(b"<title></title>"), html_title(b"<title>x")), (None, None));
}
