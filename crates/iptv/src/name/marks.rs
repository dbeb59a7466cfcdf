//! Words in a name that say nothing of the channel: its quality, its country.

/// Codes and names of countries and regions, as lists mark them. Those that are words of channels' names, such as `TV`,
/// `BT` or `LA`, are left out.
const COUNTRIES: &str = "ad ae af al am ar at au az ba be bg bo br by ca ch cl cn co cr cu cy cz de dk do dz ec ee eg es fi \
    fr gb ge gr gt hk hn hr hu id ie il in iq ir is it jp ke kr kz lt lu lv ma md me mk mt mx my ng ni \
    nl no nz pa pe ph pk pl pr pt py ro rs ru sa se sg si sk sv th tn tr ua uk us uy uz ve vn za usa esp \
    ger ita fra lat latam exyu spain germany italy";

/// Marks in front, at most.
const COUNTRIES_IN_FRONT: usize = 3;

/// What stands between a country and the name.
const BARS: [char; 8] = [':', '|', '▎', '┃', '│', '-', '–', '★'];

/// Whether a folded word says how good the picture is, or which copy this is.
pub(super) fn is_quality(word: &str) -> bool {
    const WORDS: &str = "sd hd fhd uhd qhd hdr hdr10 hq lq 2k 4k 8k hevc avc h264 h265 x264 x265 raw vip backup bkp fps fullhd ultrahd 60fps 50fps 25fps 30fps multiaudio";
    WORDS.split(' ').any(|known| known == word) || is_lines(word) || is_size(word)
}

/// `1080p`, `720i`.
fn is_lines(word: &str) -> bool {
    let digits = word.strip_suffix(['p', 'i']).unwrap_or_default();
    (3..=4).contains(&digits.len()) && digits.bytes().all(|c| c.is_ascii_digit())
}

/// `1920x1080`.
fn is_size(word: &str) -> bool {
    let number = |text: &str| (3..=4).contains(&text.len()) && text.bytes().all(|c| c.is_ascii_digit());
    word.split_once('x').is_some_and(|(width, height)| number(width) && number(height))
}

/// `name` without the countries in front of it and behind it.
pub(super) fn without_country(name: &str) -> &str {
    let mut rest = name.trim();
    for _ in 0..COUNTRIES_IN_FRONT {
        let Some(behind) = behind_country(rest) else { break };
        rest = behind;
    }
    before_suffix(before_bracket(rest))
}

/// What follows `ES:`, `ES |`, `|ES|`, `[ES]`, `(ES)` or `ES -`.
fn behind_country(name: &str) -> Option<&str> {
    let (opened, inner) = match name.strip_prefix(['|', '[', '(', '┃', '▎', '│', '★']) {
        Some(inner) => (true, inner.trim_start()),
        None => (false, name),
    };
    let end = inner.find(|c: char| !(c.is_ascii_alphabetic() || c == '-')).unwrap_or(inner.len());
    // `ES-La 1` is a name with a dash.
    let (code, behind) = inner.split_at(end);
    let (code, dashed) = code.strip_suffix('-').map_or((code, false), |code| (code, true));
    is_country(code).then_some(())?;
    let spaced = behind.trim_start();
    let rest = if dashed {
        spaced
    } else if opened {
        spaced.strip_prefix(['|', ']', ')', '┃', '▎', '│', '★'])?
    } else {
        let rest = spaced.strip_prefix(BARS)?;
        // A dash parts words only with a space in front of it.
        (spaced.len() < behind.len() || !spaced.starts_with(['-', '–'])).then_some(rest)?
    };
    Some(rest.trim_start_matches(|c: char| c.is_whitespace() || BARS.contains(&c)))
        .filter(|rest| !rest.is_empty())
}

/// `La 1 (ES)`, `La 1 [ES]`.
fn before_bracket(name: &str) -> &str {
    let name = name.trim_end();
    let inner = name.strip_suffix([')', ']', '|']).and_then(|it| it.rsplit_once(['(', '[', '|']));
    match inner {
        Some((before, code)) if is_country(code.trim()) && !before.trim().is_empty() => before,
        _ => name,
    }
}

/// `La1.es`, `La1.es@SD`, as IDs of guides are made.
fn before_suffix(name: &str) -> &str {
    let bare = name.rsplit_once('@').map_or(name, |(bare, _)| bare).trim_end();
    match bare.rsplit_once('.') {
        Some((before, code))
            if code.len() == 2 && is_country(code) && before.ends_with(char::is_alphanumeric) =>
        {
            before
        }
        _ => name,
    }
}

fn is_country(code: &str) -> bool {
    let code = if code.eq_ignore_ascii_case("ex-yu") { "exyu" } else { code };
    COUNTRIES.split(' ').any(|known| known.eq_ignore_ascii_case(code))
}
