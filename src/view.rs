//! Floor 4: paints what app has laid out.
