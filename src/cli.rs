//! Floor 6: arguments to Config to one command to an exit code.
