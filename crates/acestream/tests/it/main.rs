//! The client against the fake engine, and both against what the network can bring.

#[cfg(test)]
mod answers;
#[cfg(test)]
mod clip;
#[cfg(test)]
mod corpus;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod hls;
#[cfg(test)]
mod open;
#[cfg(test)]
mod profiles;
#[cfg(test)]
mod search;
#[cfg(test)]
mod sessions;
#[cfg(test)]
mod stream;
#[cfg(test)]
mod support;
