//! The lines by which two texts differ, for people.

/// Cells of the table of a comparison at most; what is larger is shown as one replaced block.
const MAXIMUM_CELLS: usize = 4_000_000;

/// The lines that went (`-`) and came (`+`), each block under the line of the first text where it begins (`@@ LINE`).
#[must_use]
pub fn diff(before: &str, after: &str) -> String {
    let (a, b): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
    let head = a.iter().zip(&b).take_while(|(x, y)| x == y).count();
    let tail = a[head..].iter().rev().zip(b[head..].iter().rev()).take_while(|(x, y)| x == y).count();
    let (a, b) = (&a[head..a.len() - tail], &b[head..b.len() - tail]);
    let mut result = String::new();
    let mut open = false;
    let (mut i, mut j) = (0, 0);
    let common = common(a, b);
    let width = b.len() + 1;
    while i < a.len() || j < b.len() {
        if i < a.len() && j < b.len() && common.is_some() && a[i] == b[j] {
            open = false;
            (i, j) = (i + 1, j + 1);
            continue;
        }
        if !open {
            result.push_str(&format!("@@ {}\n", head + i + 1));
            open = true;
        }
        let down = common.as_ref().and_then(|table| table.get((i + 1) * width + j)).copied().unwrap_or(0);
        let right = common.as_ref().and_then(|table| table.get(i * width + j + 1)).copied().unwrap_or(0);
        if i < a.len() && (j == b.len() || down >= right) {
            result.push_str(&format!("-{}\n", a[i]));
            i += 1;
        } else {
            result.push_str(&format!("+{}\n", b[j]));
            j += 1;
        }
    }
    result
}

/// How many lines the rests from each pair of lines on have in common.
fn common(a: &[&str], b: &[&str]) -> Option<Vec<u32>> {
    let width = b.len() + 1;
    let cells = (a.len() + 1).checked_mul(width).filter(|cells| *cells <= MAXIMUM_CELLS)?;
    let mut table = vec![0_u32; cells];
    for i in (0..a.len()).rev() {
        for j in (0..b.len()).rev() {
            table[i * width + j] = if a[i] == b[j] {
                table[(i + 1) * width + j + 1] + 1
            } else {
                table[(i + 1) * width + j].max(table[i * width + j + 1])
            };
        }
    }
    Some(table)
}
