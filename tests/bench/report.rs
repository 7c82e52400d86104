//! Tables for people, and the same as JSON.

use serde_json::{Map, Value};

/// One measurement.
#[derive(Debug)]
pub(crate) struct Report {
    name: &'static str,
    /// What was measured and how, a sentence each.
    notes: Vec<String>,
    tables: Vec<Table>,
}

#[derive(Debug)]
pub(crate) struct Table {
    title: String,
    columns: Vec<&'static str>,
    rows: Vec<Vec<Value>>,
}

impl Report {
    pub(crate) fn new(name: &'static str) -> Self {
        Self { name, notes: Vec::new(), tables: Vec::new() }
    }

    pub(crate) fn note(&mut self, note: impl Into<String>) {
        self.notes.push(note.into());
    }

    pub(crate) fn table(&mut self, table: Table) {
        self.tables.push(table);
    }

    pub(crate) fn print(&self) {
        println!("\n# {}\n", self.name);
        for note in &self.notes {
            println!("- {note}");
        }
        for table in &self.tables {
            table.print();
        }
    }
}

impl Table {
    pub(crate) fn new(title: impl Into<String>, columns: &[&'static str]) -> Self {
        Self { title: title.into(), columns: columns.to_vec(), rows: Vec::new() }
    }

    pub(crate) fn row(&mut self, cells: Vec<Value>) {
        self.rows.push(cells);
    }

    /// Markdown, so that it can be taken into a page as it is.
    fn print(&self) {
        let cells: Vec<Vec<String>> = self.rows.iter().map(|row| row.iter().map(text).collect()).collect();
        let width = |column: usize| {
            let own = self.columns[column].chars().count();
            cells.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).fold(own, usize::max)
        };
        let widths: Vec<usize> = (0..self.columns.len()).map(width).collect();
        let line = |cells: &[String]| {
            let padded = cells.iter().zip(&widths).map(|(cell, width)| format!(" {cell:<width$} |"));
            println!("|{}", padded.collect::<String>());
        };
        println!("\n{}\n", self.title);
        line(&self.columns.iter().map(|&column| column.to_owned()).collect::<Vec<_>>());
        println!("|{}", widths.iter().map(|width| format!("{}|", "-".repeat(width + 2))).collect::<String>());
        cells.iter().for_each(|row| line(row));
    }
}

/// Every report under its name.
pub(crate) fn to_json(reports: &[Report]) -> Value {
    let one = |report: &Report| {
        let tables = report.tables.iter().map(|table| {
            let rows = table.rows.iter().map(|row| {
                let columns = table.columns.iter().map(|&column| column.to_owned());
                Value::Object(columns.zip(row.iter().cloned()).collect::<Map<_, _>>())
            });
            serde_json::json!({ "title": table.title, "rows": rows.collect::<Vec<_>>() })
        });
        (report.name.to_owned(), serde_json::json!({ "notes": report.notes, "tables": tables.collect::<Vec<_>>() }))
    };
    Value::Object(reports.iter().map(one).collect())
}

fn text(cell: &Value) -> String {
    match cell {
        Value::String(text) => text.clone(),
        Value::Number(number) if !number.is_f64() => grouped(&number.to_string()),
        Value::Number(number) => {
            let value = number.as_f64().unwrap_or_default();
            if value.abs() >= 1_000.0 { grouped(&format!("{value:.0}")) } else { format!("{value:.2}") }
        }
        Value::Null => "–".to_owned(),
        other => other.to_string(),
    }
}

/// Digits in groups of three.
fn grouped(digits: &str) -> String {
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) && !text.ends_with('-') {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// The middle one of some values, and `lowest–highest`.
pub(crate) fn median_and_range(values: &[f64]) -> (f64, String) {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let range = match (sorted.first(), sorted.last()) {
        (Some(first), Some(last)) => format!("{}–{}", text(&(*first).into()), text(&(*last).into())),
        _ => String::new(),
    };
    (sorted.get(sorted.len() / 2).copied().unwrap_or_default(), range)
}
