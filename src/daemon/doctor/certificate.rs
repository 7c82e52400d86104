//! Until when a certificate is valid: just enough of X.509 (RFC 5280 §4.1) to warn before it ends.

/// DER's tags (X.690 §8) of what is passed on the way.
const SEQUENCE: u8 = 0x30;
/// The version, `[0]`, which may be left out.
const VERSION: u8 = 0xA0;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

/// The end of its validity in milliseconds since 1970, if this is a certificate.
pub(super) fn not_after(der: &[u8]) -> Option<i64> {
    let (_, certificate, _) = element(der)?;
    let (_, mut fields, _) = element(certificate)?;
    if let Some((VERSION, _, rest)) = element(fields) {
        fields = rest;
    }
    // Serial number, algorithm, issuer.
    for _ in 0..3 {
        fields = element(fields)?.2;
    }
    let (SEQUENCE, validity, _) = element(fields)? else { return None };
    let (tag, end, _) = element(element(validity)?.2)?;
    time(tag, std::str::from_utf8(end).ok()?)
}

/// The first element's tag and content, and what follows it.
fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&[tag, first], mut rest) = der.split_first_chunk::<2>()?;
    let mut length = usize::from(first);
    if first & 0x80 != 0 {
        let (bytes, after) = rest.split_at_checked(usize::from(first & 0x7F))?;
        // Three bytes are more than a TLS message can hold (RFC 8446 §4).
        length = (bytes.len() <= 3).then(|| bytes.iter().fold(0, |all, byte| all << 8 | usize::from(*byte)))?;
        rest = after;
    }
    let (content, rest) = rest.split_at_checked(length)?;
    Some((tag, content, rest))
}

/// `YYMMDDHHMMSSZ` or `YYYYMMDDHHMMSSZ` (RFC 5280 §4.1.2.5).
fn time(tag: u8, text: &str) -> Option<i64> {
    let (year, rest) = match tag {
        UTC_TIME => {
            let year: i64 = text.get(..2)?.parse().ok()?;
            (if year >= 50 { 1_900 + year } else { 2_000 + year }, text.get(2..)?)
        }
        GENERALIZED_TIME => (text.get(..4)?.parse().ok()?, text.get(4..)?),
        _ => return None,
    };
    let part = |at: usize| rest.get(at..at + 2)?.parse::<i64>().ok();
    let (month, day) = (part(0)?, part(2)?);
    // The civil calendar in years that begin on 1 March, so that the leap day is the last one.
    let (shifted_year, shifted_month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let day_of_year = (153 * shifted_month + 2) / 5 + day - 1;
    let days = shifted_year * 365 + shifted_year.div_euclid(4) - shifted_year.div_euclid(100)
        + shifted_year.div_euclid(400)
        + day_of_year
        - 719_468;
    Some((((days * 24 + part(4)?) * 60 + part(6)?) * 60 + part(8)?) * 1_000)
}

#[cfg(test)]
mod tests {
    use offpush_inspect::clock_text;
    use rcgen::{CertificateParams, KeyPair, date_time_ymd};

    use super::*;

    #[test]
    fn the_end_of_a_certificate_is_read_in_both_forms_and_of_damage_nothing_breaks() {
        // Years from 2050 on are written otherwise; every cut and every changed byte is refused or read, never a panic.
        for (year, month, day) in [(2031, 2, 28), (2048, 2, 29), (2100, 3, 1), (1999, 12, 31)] {
            let mut parameters = CertificateParams::new(vec!["a.example".to_owned()]).unwrap();
            parameters.not_before = date_time_ymd(1990, 1, 1);
            parameters.not_after = date_time_ymd(year, month, day);
            let der = parameters.self_signed(&KeyPair::generate().unwrap()).unwrap().der().to_vec();
            let end = not_after(&der).map(clock_text);
            assert_eq!(end, Some(format!("{year:04}-{month:02}-{day:02} 00:00:00.000")));
            for cut in 0..der.len() {
                not_after(&der[..cut]);
                let mut damaged = der.clone();
                damaged[cut] ^= 0xFF;
                not_after(&damaged);
            }
        }
    }
}
