//! Whether a name is a slip of the pen away from another.

/// Letters that may differ: two are a slip, three another word.
const SLIPS: usize = 2;

/// Whether a name means another one that it does not equal: upper and lower case, a letter too many, another package.
pub(crate) fn is_slip(written: &str, meant: &str) -> bool {
    if written == meant {
        return false;
    }
    let (written, meant) = (written.to_lowercase(), meant.to_lowercase());
    // Two short names may differ by two letters and mean different things.
    let slips = if meant.len() < 12 { 1 } else { SLIPS };
    distance_within(&written, &meant, slips).is_some()
}

/// Whether two class names have the same last part, which says what is meant, in different packages.
pub(crate) fn is_same_class_elsewhere(written: &str, meant: &str) -> bool {
    let last = |name: &str| name.rsplit(['.', '$']).next().unwrap_or_default().to_lowercase();
    written != meant && last(written) == last(meant)
}

/// How many insertions, deletions and replacements of a byte lead from one to the other; none if more than `limit`.
pub(crate) fn distance_within(a: &str, b: &str, limit: usize) -> Option<usize> {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    if a.len().abs_diff(b.len()) > limit {
        return None;
    }
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, &left) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, &right) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(left != right);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(row[j + 1] + 1);
        }
        if row.iter().all(|&cost| cost > limit) {
            return None;
        }
    }
    Some(row[b.len()]).filter(|&distance| distance <= limit)
}
