//! Tables for people: columns as wide as their widest cell takes on a terminal.

use offpush_inspect::printable;
use unicode_width::UnicodeWidthStr;

/// Columns with their headers, two blanks between them, lines without blanks at their ends.
pub(crate) struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    pub(crate) fn new<const N: usize>(headers: [&str; N]) -> Self {
        Self { rows: vec![headers.map(str::to_owned).to_vec()] }
    }

    pub(crate) fn row<const N: usize>(&mut self, cells: [String; N]) {
        self.rows.push(cells.map(|cell| printable(&cell)).to_vec());
    }
}

impl std::fmt::Display for Table {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let widest = |column: usize| self.rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.width()).max();
        let widths: Vec<usize> = (0..columns).map(|column| widest(column).unwrap_or(0)).collect();
        for row in &self.rows {
            let mut line = String::new();
            for (cell, width) in row.iter().zip(&widths) {
                line.push_str(cell);
                line.extend(std::iter::repeat_n(' ', width - cell.width() + 2));
            }
            writeln!(formatter, "{}", line.trim_end())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_align_whatever_the_script_and_cells_steer_nothing() {
        // A Chinese letter takes two places, a combining accent none, and an escape sequence is text.
        let mut table = Table::new(["NAME", "STATE"]);
        table.row(["消息".to_owned(), "shown".to_owned()]);
        table.row(["e\u{301}te".to_owned(), "\x1b[2Jx".to_owned()]);
        table.row(["longer".to_owned(), String::new()]);
        assert_eq!(table.to_string(), "NAME    STATE\n消息    shown\ne\u{301}te      [2Jx\nlonger\n");
    }
}
