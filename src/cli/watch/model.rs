//! What the live view shows and how keys change it. No terminal, no clock.

use std::collections::VecDeque;

use offpush_inspect::{HistoryItem, StatusPage, history_text};
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// Events that are kept; older ones are forgotten. As many as a daemon tells at once, and some hours more.
const MAXIMUM_EVENTS: usize = 10_000;

/// The widths of the timeline, in milliseconds.
const WIDTHS: [i64; 7] =
    [60_000, 10 * 60_000, 30 * 60_000, 2 * 3_600_000, 6 * 3_600_000, 24 * 3_600_000, 7 * 24 * 3_600_000];

/// See the module's page.
#[derive(Debug)]
pub(crate) struct Model {
    pub(crate) page: Option<StatusPage>,
    pub(crate) events: VecDeque<HistoryItem>,
    /// Why there is nobody to ask; `None` while the daemon answers.
    pub(crate) lost: Option<String>,
    /// Now, in milliseconds since 1970.
    pub(crate) now: i64,
    /// Only events whose line contains it are listed.
    pub(crate) filter: String,
    /// The filter is being typed.
    pub(crate) types: bool,
    /// The moment that is looked at while the view is paused.
    pub(crate) paused_at: Option<i64>,
    /// So many lines above the newest.
    pub(crate) scrolled: usize,
    width: usize,
}

impl Model {
    pub(crate) fn new(now: i64) -> Self {
        Self {
            page: None,
            events: VecDeque::new(),
            lost: None,
            now,
            filter: String::new(),
            types: false,
            paused_at: None,
            scrolled: 0,
            width: 1,
        }
    }

    /// The daemon answers: this is its history.
    pub(crate) fn begin(&mut self, history: Vec<HistoryItem>) {
        self.lost = None;
        self.events = history.into();
        self.forget();
    }

    /// Something happened.
    pub(crate) fn add(&mut self, item: HistoryItem) {
        // What is looked at stays where it is.
        if self.scrolled > 0 && self.is_listed(&item) {
            self.scrolled += 1;
        }
        self.events.push_back(item);
        self.forget();
    }

    fn forget(&mut self) {
        let over = self.events.len().saturating_sub(MAXIMUM_EVENTS);
        self.events.drain(..over);
    }

    /// What the timeline shows: from when to when.
    pub(crate) fn window(&self) -> (i64, i64) {
        let to = self.paused_at.unwrap_or(self.now);
        (to - self.timeline_width(), to)
    }

    pub(crate) fn timeline_width(&self) -> i64 {
        WIDTHS.get(self.width).copied().unwrap_or(WIDTHS[0])
    }

    /// The events that the filter and the pause leave, oldest first.
    pub(crate) fn listed(&self) -> impl DoubleEndedIterator<Item = &HistoryItem> {
        let until = self.paused_at.unwrap_or(i64::MAX);
        self.events.iter().filter(move |item| item.at <= until && self.is_listed(item))
    }

    fn is_listed(&self, item: &HistoryItem) -> bool {
        self.filter.is_empty() || history_text(item).to_lowercase().contains(&self.filter.to_lowercase())
    }

    /// Does what a key asks for; whether to go on.
    pub(crate) fn key(&mut self, key: KeyEvent, page: usize) -> bool {
        if key.modifiers.contains(KeyModifiers::CONTROL) {
            return key.code != KeyCode::Char('c');
        }
        if self.types {
            match key.code {
                KeyCode::Enter => self.types = false,
                KeyCode::Esc => {
                    self.types = false;
                    self.filter.clear();
                }
                KeyCode::Backspace => drop(self.filter.pop()),
                KeyCode::Char(letter) => self.filter.push(letter),
                _ => {}
            }
            self.scrolled = 0;
            return true;
        }
        match key.code {
            KeyCode::Char('q') => return false,
            KeyCode::Char('/' | 'f') => self.types = true,
            KeyCode::Char('p' | ' ') => {
                self.paused_at = if self.paused_at.is_some() { None } else { Some(self.now) };
                self.scrolled = 0;
            }
            KeyCode::Char('+' | '=') | KeyCode::Left => self.width = (self.width + 1).min(WIDTHS.len() - 1),
            KeyCode::Char('-') | KeyCode::Right => self.width = self.width.saturating_sub(1),
            KeyCode::Up | KeyCode::Char('k') => self.scroll(1, page),
            KeyCode::PageUp => self.scroll(page, page),
            KeyCode::Home => self.scroll(usize::MAX, page),
            KeyCode::Down | KeyCode::Char('j') => self.scrolled = self.scrolled.saturating_sub(1),
            KeyCode::PageDown => self.scrolled = self.scrolled.saturating_sub(page),
            KeyCode::End => self.scrolled = 0,
            KeyCode::Esc => self.filter.clear(),
            _ => {}
        }
        true
    }

    fn scroll(&mut self, lines: usize, page: usize) {
        let most = self.listed().count().saturating_sub(page);
        self.scrolled = self.scrolled.saturating_add(lines).min(most);
    }
}
