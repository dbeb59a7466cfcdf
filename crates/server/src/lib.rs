//! The program acehls.
