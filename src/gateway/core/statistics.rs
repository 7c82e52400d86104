//! Counts a day, as `/v1/stats/message/counters` gives them.

use std::collections::BTreeMap;

use sqlx::FromRow;

use super::{ApiError, Core, DAY_MS, DayCounters, Targets, from_json};

#[derive(FromRow)]
struct Row {
    target: String,
    accepted_at: i64,
    devices: i64,
    arrived: i64,
    clicked: i64,
}

impl Core {
    /// One row for each day (UTC) on which messages were accepted, from `from_ms` to `to_ms`.
    pub(crate) async fn day_counters(
        &self,
        app_id: &str,
        from_ms: i64,
        to_ms: i64,
    ) -> Result<Vec<DayCounters>, ApiError> {
        let rows: Vec<Row> = sqlx::query_as(
            "SELECT m.target, m.accepted_at, m.devices,
                 (SELECT COUNT(*) FROM entries e WHERE e.message = m.id AND e.state = 2) AS arrived,
                 (SELECT COUNT(*) FROM receipts r WHERE r.message = m.id AND r.what = 'clicked') AS clicked
             FROM messages m WHERE m.app_id = $1 AND m.accepted_at BETWEEN $2 AND $3",
        )
        .bind(app_id)
        .bind(from_ms)
        .bind(to_ms)
        .fetch_all(self.0.db.readers())
        .await?;
        let mut days: BTreeMap<i64, DayCounters> = BTreeMap::new();
        for row in rows {
            let day = row.accepted_at.div_euclid(DAY_MS);
            let counters = days.entry(day).or_insert_with(|| DayCounters { date: date(day), ..DayCounters::default() });
            counters.received += row.arrived;
            counters.click += row.clicked;
            match from_json("a message's target", &row.target)? {
                Targets::RegIds(_) => counters.regid_recipients += row.devices,
                Targets::Aliases(_) => counters.alias_recipients += row.devices,
                Targets::Accounts(_) | Targets::Users(_) => counters.useraccount_recipients += row.devices,
                Targets::Topic(_) | Targets::Topics { .. } | Targets::All => {
                    counters.broadcast_recipients += row.devices;
                    continue;
                }
            }
            counters.single_recipients += row.devices;
        }
        Ok(days.into_values().collect())
    }
}

/// `yyyyMMdd` of a day counted from 1970-01-01, by the civil calendar (days counted from 0000-03-01, so that the leap
/// day is a year's last).
fn date(day: i64) -> String {
    let since_march_0000 = day + 719_468;
    let era = since_march_0000.div_euclid(146_097);
    let day_of_era = since_march_0000.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    format!("{year:04}{month:02}{day:02}")
}

#[cfg(test)]
mod tests {
    use super::date;

    #[test]
    fn days_are_named_by_the_civil_calendar() {
        // The first day, leap days and a century.
        assert_eq!(date(0), "19700101");
        assert_eq!(date(11_016), "20000229");
        assert_eq!(date(19_782), "20240229");
        assert_eq!(date(20_636), "20260702");
    }
}
