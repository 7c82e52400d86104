//! The values an intent URI can carry.

/// A typed extra. Fractions are compared by their bits, so that NaN equals itself and 0.0 is not -0.0.
#[derive(Debug, Clone)]
pub enum Extra {
    /// `S.`
    String(String),
    /// `B.`; everything but "true", in any case, is read as false.
    Boolean(bool),
    /// `b.`
    Byte(i8),
    /// `c.`: a UTF-16 unit, which may be half of a character.
    Character(u16),
    /// `d.`
    Double(f64),
    /// `f.`
    Float(f32),
    /// `i.`
    Integer(i32),
    /// `l.`
    Long(i64),
    /// `s.`
    Short(i16),
}

impl PartialEq for Extra {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::String(a), Self::String(b)) => a == b,
            (Self::Boolean(a), Self::Boolean(b)) => a == b,
            (Self::Byte(a), Self::Byte(b)) => a == b,
            (Self::Character(a), Self::Character(b)) => a == b,
            (Self::Double(a), Self::Double(b)) => a.to_bits() == b.to_bits(),
            (Self::Float(a), Self::Float(b)) => a.to_bits() == b.to_bits(),
            (Self::Integer(a), Self::Integer(b)) => a == b,
            (Self::Long(a), Self::Long(b)) => a == b,
            (Self::Short(a), Self::Short(b)) => a == b,
            _ => false,
        }
    }
}

impl Eq for Extra {}
