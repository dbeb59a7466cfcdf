//! What the tables say.

use crate::packet::Pid;

/// A list of descriptors: `(tag, body)` each (ISO/IEC 13818-1, 2.6). Ends where the bytes stop making sense.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Descriptors<'a>(pub(crate) &'a [u8]);

impl<'a> Descriptors<'a> {
    /// The format identifier of the first registration descriptor (2.6.8).
    pub(crate) fn registration(self) -> Option<&'a [u8]> {
        self.into_iter().find(|(tag, _)| *tag == 0x05)?.1.get(..4)
    }

    /// The language of the first ISO 639 language descriptor (2.6.18): three lower-case letters.
    pub(crate) fn language(self) -> Option<String> {
        let (_, body) = { self }.find(|(tag, _)| *tag == 0x0A)?;
        let code = body.get(..3)?;
        code.iter().all(u8::is_ascii_alphabetic).then(|| String::from_utf8_lossy(code).to_ascii_lowercase())
    }
}

impl<'a> Iterator for Descriptors<'a> {
    type Item = (u8, &'a [u8]);

    fn next(&mut self) -> Option<(u8, &'a [u8])> {
        let (&[tag, length], rest) = self.0.split_first_chunk()?;
        let (body, rest) = rest.split_at_checked(usize::from(length))?;
        self.0 = rest;
        Some((tag, body))
    }
}

/// One section of the program association table (2.4.4.3).
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Association {
    pub(crate) version: u8,
    pub(crate) section: u8,
    pub(crate) last_section: u8,
    /// Program number and the PID of its map; the network information table (program 0) is left out.
    pub(crate) programs: Vec<(u16, Pid)>,
}

/// Read a section of the program association table that applies now.
pub(crate) fn association(section: &[u8]) -> Option<Association> {
    let (header, body) = long_section(section, 0x00)?;
    let programs = body.chunks_exact(4).filter_map(|entry| {
        let &[a, b, c, d] = entry else { return None };
        let number = u16::from_be_bytes([a, b]);
        (number != 0).then(|| (number, Pid::new(u16::from_be_bytes([c, d]))))
    });
    Some(Association {
        version: header.version,
        section: header.section,
        last_section: header.last_section,
        programs: programs.collect(),
    })
}

/// The map of one program (2.4.4.8).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Map {
    pub(crate) program: u16,
    pub(crate) pcr_pid: Pid,
    pub(crate) streams: Vec<Stream>,
}

/// An elementary stream of a program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stream {
    pub(crate) pid: Pid,
    pub(crate) stream_type: u8,
    pub(crate) descriptors: Vec<u8>,
}

/// Read a program map that applies now.
pub(crate) fn map(section: &[u8]) -> Option<Map> {
    let (header, body) = long_section(section, 0x02)?;
    let (&[a, b, c, d], body) = body.split_first_chunk()?;
    let (_program_info, mut body) = body.split_at_checked(length(c, d))?;
    let mut streams = Vec::new();
    while let Some((&[stream_type, a, b, c, d], rest)) = body.split_first_chunk() {
        let (descriptors, rest) = rest.split_at_checked(length(c, d))?;
        let pid = Pid::new(u16::from_be_bytes([a, b]));
        streams.push(Stream { pid, stream_type, descriptors: descriptors.to_vec() });
        body = rest;
    }
    Some(Map { program: header.id, pcr_pid: Pid::new(u16::from_be_bytes([a, b])), streams })
}

/// The names of the services in a section of the service description table (ETSI EN 300 468, 5.2.3).
pub(crate) fn service_names(section: &[u8]) -> Option<Vec<(u16, String)>> {
    let (_, body) = long_section(section, 0x42)?;
    let mut body = body.get(3..)?;
    let mut names = Vec::new();
    while let Some((&[a, b, _, c, d], rest)) = body.split_first_chunk() {
        let (descriptors, rest) = rest.split_at_checked(length(c, d))?;
        let name =
            Descriptors(descriptors).find(|(tag, _)| *tag == 0x48).and_then(|(_, body)| service_name(body));
        names.extend(name.map(|name| (u16::from_be_bytes([a, b]), name)));
        body = rest;
    }
    Some(names)
}

/// The service name of a service descriptor (6.2.33): type, provider, name.
fn service_name(body: &[u8]) -> Option<String> {
    let provider = usize::from(*body.get(1)?);
    let name = body.get(2 + provider..)?;
    let (&length, name) = name.split_first()?;
    let name = dvb_text(name.get(..usize::from(length))?);
    (!name.is_empty()).then_some(name)
}

/// Text of DVB (annex A): UTF-8 where it says so, else one byte a letter as in Latin-1, which is right for most.
fn dvb_text(text: &[u8]) -> String {
    let letters = match text {
        [0x15, utf8 @ ..] => return clean(&String::from_utf8_lossy(utf8)),
        [0x10, _, _, letters @ ..] | [0x01..=0x1F, letters @ ..] | letters => letters,
    };
    clean(&letters.iter().map(|&byte| char::from(byte)).collect::<String>())
}

fn clean(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_control()).collect::<String>().trim().to_owned()
}

struct Header {
    id: u16,
    version: u8,
    section: u8,
    last_section: u8,
}

/// The header and body of a section of the long form (2.4.4.11) with this `table`, without the checksum.
fn long_section(section: &[u8], table: u8) -> Option<(Header, &[u8])> {
    let (&[kind, flags, _, a, b, version, number, last], body) = section.split_first_chunk()?;
    let current = version & 1 != 0;
    if kind != table || flags & 0x80 == 0 || !current {
        return None;
    }
    let body = body.split_last_chunk::<4>()?.0;
    let header = Header {
        id: u16::from_be_bytes([a, b]),
        version: version >> 1 & 0x1F,
        section: number,
        last_section: last,
    };
    Some((header, body))
}

fn length(high: u8, low: u8) -> usize {
    usize::from(u16::from_be_bytes([high & 0x0F, low]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_association_leaves_out_the_network() {
        let section = [0, 0xB0, 17, 0, 1, 0xC3, 0, 0, 0, 0, 0xE0, 0x10, 0, 7, 0xF0, 0x00, 1, 2, 3, 4];

        let association = association(&section).unwrap();

        assert_eq!(association.programs, [(7, Pid::new(0x1000))]);
        assert_eq!((association.version, association.last_section), (1, 0));
    }

    #[test]
    fn a_table_that_does_not_apply_yet_is_left_alone() {
        assert!(association(&[0, 0xB0, 13, 0, 1, 0xC2, 0, 0, 0, 7, 0xF0, 0x00, 1, 2, 3, 4]).is_none());
    }

    #[test]
    fn a_map_whose_lengths_lie_is_refused() {
        let section = [2, 0xB0, 18, 0, 1, 0xC1, 0, 0, 0xE1, 0, 0xF0, 0, 0x1B, 0xE1, 0, 0xF0, 99, 1, 2, 3, 4];
        assert!(map(&section).is_none());
    }

    #[test]
    fn names_of_services_are_read_in_their_character_set() {
        assert_eq!(dvb_text(b"\x15Se\xC3\xB1al"), "Señal");
        assert_eq!(dvb_text(b"\x05Plain\x0A"), "Plain");
        assert_eq!(dvb_text(b"\x10\x00\x01Caf\xE9"), "Café");
    }
}
