//! Floor 5: all terminal I/O.
