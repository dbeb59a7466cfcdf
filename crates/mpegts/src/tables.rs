//! Which program of the stream we play, by its tables.

use std::collections::{BTreeMap, HashMap};

use crate::{
    codec::Codec,
    packet::{Packet, Pid},
    program::Program,
    psi::{Association, Descriptors, Map, Sections, association, map, service_names},
};

/// Programs of one stream that we look at; more is no broadcast.
const MAX_PROGRAMS: usize = 64;

/// Packets to wait for the maps of the programs listed before one that has video: about a second of a channel.
const PATIENCE: u64 = 4_000;

/// The tables of a stream, and the program chosen from them: the first with video, else with audio, and then kept.
#[derive(Debug, Default)]
pub(crate) struct Tables {
    sections: HashMap<Pid, Sections>,
    version: Option<u8>,
    /// Programs by section of the association table, of which there may be several.
    association: BTreeMap<u8, Vec<(u16, Pid)>>,
    last_section: u8,
    maps: HashMap<u16, Map>,
    names: HashMap<u16, String>,
    /// When the first map came, in packets.
    first_map: Option<u64>,
    chosen: Option<u16>,
}

impl Tables {
    /// Read a packet of a table; returns how many sections in it were damaged.
    pub(crate) fn push(&mut self, packet: Packet<'_>, now: u64) -> u64 {
        let mut found = Vec::new();
        let pid = packet.pid();
        let bad = self.sections.entry(pid).or_default().push(packet, |section| found.push(section.to_vec()));
        for section in found {
            match pid {
                Pid::PAT => self.associate(association(&section)),
                Pid::SDT => self.name(&section),
                _ => self.map(pid, map(&section), now),
            }
        }
        bad
    }

    /// Where the maps of the programs come.
    pub(crate) fn map_pids(&self) -> impl Iterator<Item = Pid> + '_ {
        self.programs().map(|(_, pid)| pid)
    }

    /// Choose a program, or keep the one chosen; `now` in packets.
    pub(crate) fn program(&mut self, now: u64) -> Option<Program> {
        self.chosen = self.choose(now);
        let number = self.chosen?;
        let (_, pmt_pid) = self.programs().find(|(listed, _)| *listed == number)?;
        let mut program = Program::new(self.maps.get(&number)?, pmt_pid);
        program.service_name = self.names.get(&number).cloned();
        Some(program)
    }

    /// Forget sections that are half here: what comes next does not continue them.
    pub(crate) fn interrupt(&mut self) {
        self.sections.clear();
    }

    fn choose(&self, now: u64) -> Option<u16> {
        let listed = |number: &u16| self.programs().any(|(program, _)| program == *number);
        if let Some(kept) = self.chosen.filter(listed) {
            return Some(kept);
        }
        let waited = self.first_map.is_some_and(|first| now > first + PATIENCE);
        let known = || self.programs().map(|(number, _)| (number, self.maps.get(&number)));
        let mut settled = known().take_while(|(_, map)| waited || map.is_some());
        if let Some((number, _)) = settled.find(|(_, map)| map.is_some_and(|map| has(map, Codec::is_video))) {
            return Some(number);
        }
        if !waited && known().any(|(_, map)| map.is_none()) {
            return None;
        }
        known().find(|(_, map)| map.is_some_and(|map| has(map, Codec::is_audio))).map(|(number, _)| number)
    }

    fn programs(&self) -> impl Iterator<Item = (u16, Pid)> + '_ {
        self.association.values().flatten().copied().take(MAX_PROGRAMS)
    }

    fn associate(&mut self, association: Option<Association>) {
        let Some(association) = association else { return };
        if self.version != Some(association.version) || self.last_section != association.last_section {
            self.association.clear();
            self.version = Some(association.version);
            self.last_section = association.last_section;
        }
        self.association.insert(association.section, association.programs);
        let listed: Vec<u16> = self.programs().map(|(number, _)| number).collect();
        self.maps.retain(|number, _| listed.contains(number));
        let pids: Vec<Pid> = self.map_pids().chain([Pid::PAT, Pid::SDT]).collect();
        self.sections.retain(|pid, _| pids.contains(pid));
    }

    fn map(&mut self, pid: Pid, map: Option<Map>, now: u64) {
        let Some(map) = map else { return };
        if self.programs().any(|listed| listed == (map.program, pid)) {
            self.first_map.get_or_insert(now);
            self.maps.insert(map.program, map);
        }
    }

    fn name(&mut self, section: &[u8]) {
        for (number, name) in service_names(section).unwrap_or_default() {
            if self.names.len() < MAX_PROGRAMS || self.names.contains_key(&number) {
                self.names.insert(number, name);
            }
        }
    }
}

fn has(map: &Map, wanted: fn(Codec) -> bool) -> bool {
    map.streams.iter().any(|stream| wanted(Codec::new(stream.stream_type, Descriptors(&stream.descriptors))))
}
