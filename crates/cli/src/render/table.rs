//! Aligned columns.

use anstyle::Style;

use super::text::paint;

/// How a column stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Align {
    /// Text.
    Left,
    /// Figures.
    Right,
}

/// Rows of cells, two blanks between the columns, indented by two.
#[derive(Debug)]
pub(crate) struct Table {
    columns: Vec<(Align, Style)>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// An empty table.
    pub(crate) fn new(columns: impl IntoIterator<Item = (Align, Style)>) -> Self {
        Self { columns: columns.into_iter().collect(), rows: Vec::new() }
    }

    /// Adds a row.
    pub(crate) fn row<T: Into<String>>(&mut self, cells: impl IntoIterator<Item = T>) {
        self.rows.push(cells.into_iter().map(Into::into).collect());
    }

    /// The lines.
    pub(crate) fn render(&self, color: bool) -> String {
        let width = |column: usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..self.columns.len()).map(width).collect();
        let mut out = String::new();
        for row in &self.rows {
            let mut line = String::new();
            for ((cell, (align, style)), width) in row.iter().zip(&self.columns).zip(&widths) {
                let blanks = " ".repeat(width - cell.chars().count());
                let cell = paint(color && !cell.is_empty(), *style, cell);
                line.push_str("  ");
                match align {
                    Align::Left => line.push_str(&format!("{cell}{blanks}")),
                    Align::Right => line.push_str(&format!("{blanks}{cell}")),
                }
            }
            out.push_str(line.trim_end());
            out.push('\n');
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned() {
        let mut table = Table::new([(Align::Left, Style::new()), (Align::Right, Style::new())]);
        table.row(["a", "1"]);
        table.row(["bcd", "1,000"]);
        assert_eq!(table.render(false), "  a        1\n  bcd  1,000\n");
    }
}
