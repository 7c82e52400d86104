//! Reason codes: the standard's names.

use offpush_mqtt::ReasonCode;

#[test]
fn every_assigned_code_has_its_name_and_no_other() {
    // Table 2-6 assigns 43 values; everything else is unknown.
    let named: Vec<u8> = (0..=0xFF).filter(|&code| ReasonCode(code).name() != "Unknown").collect();
    let mut assigned = vec![0x00, 0x01, 0x02, 0x04, 0x10, 0x11, 0x18, 0x19];
    assigned.extend(0x80..=0xA2);
    assert_eq!(named, assigned);
    assert_eq!(named.len(), 43);
}

#[test]
fn codes_from_0x80_on_are_errors() {
    // §2.4.
    for code in 0..=0xFF {
        assert_eq!(ReasonCode(code).is_error(), code >= 0x80);
    }
}

#[test]
fn a_code_is_shown_with_name_and_number() {
    // Logs and the status page print it; the number is what other tools call it.
    assert_eq!(ReasonCode::NOT_AUTHORIZED.to_string(), "Not authorized (0x87)");
    assert_eq!(format!("{:?}", ReasonCode(0x7F)), "Unknown (0x7F)");
    assert_eq!(ReasonCode::NORMAL_DISCONNECTION.name(), "Success");
}
