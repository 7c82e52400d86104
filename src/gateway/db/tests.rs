use sqlx::Row;

use super::*;
use crate::files::tests::directory;

async fn put(db: &Db, name: &'static str, fail: bool) -> Result<(), DbError> {
    db.write(move |connection| {
        Box::pin(async move {
            sqlx::query("INSERT INTO meta (name, value) VALUES ($1, '')").bind(name).execute(connection).await?;
            if fail { Err(DbError::Damaged(name.into())) } else { Ok(()) }
        })
    })
    .await
}

async fn has(db: &Db, name: &str) -> bool {
    sqlx::query("SELECT 1 FROM meta WHERE name = $1").bind(name).fetch_optional(db.readers()).await.unwrap().is_some()
}

#[tokio::test]
async fn a_write_that_fails_leaves_nothing_behind_and_does_not_hurt_those_beside_it() {
    // Writes share a transaction, each with a savepoint of its own.
    let db = Db::open(&directory("db-savepoints").join("d.db")).await.unwrap();
    let (a, b, c) = tokio::join!(put(&db, "a", false), put(&db, "b", true), put(&db, "c", false));
    assert!(a.is_ok() && matches!(b, Err(DbError::Damaged(_))) && c.is_ok());
    assert!(has(&db, "a").await && !has(&db, "b").await && has(&db, "c").await);
    assert!(put(&db, "a", false).await.is_err(), "already there");
    assert!(put(&db, "d", false).await.is_ok());
}

#[tokio::test]
async fn many_writers_and_readers_never_meet_a_locked_database() {
    // One writer, readers that see the last commit.
    let db = Db::open(&directory("db-many").join("d.db")).await.unwrap();
    let tasks: Vec<_> = (0..500)
        .map(|index| {
            let db = db.clone();
            tokio::spawn(async move {
                db.write(move |connection| {
                    Box::pin(async move {
                        sqlx::query("INSERT INTO meta (name, value) VALUES ($1, '')")
                            .bind(format!("n{index}"))
                            .execute(connection)
                            .await?;
                        Ok::<_, DbError>(())
                    })
                })
                .await
                .unwrap();
                assert!(has(&db, &format!("n{index}")).await);
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
}

#[tokio::test]
async fn every_commit_is_synced_and_readers_cannot_write() {
    // What the settings of the connections are, as the database itself says.
    let db = Db::open(&directory("db-settings").join("d.db")).await.unwrap();
    let synchronous: i64 = db
        .write(|connection| {
            Box::pin(
                async move { Ok::<_, DbError>(sqlx::query("PRAGMA synchronous").fetch_one(connection).await?.get(0)) },
            )
        })
        .await
        .unwrap();
    assert_eq!(synchronous, 2);
    let mode: String = sqlx::query_scalar("PRAGMA journal_mode").fetch_one(db.readers()).await.unwrap();
    assert_eq!(mode, "wal");
    assert!(sqlx::query("DELETE FROM meta").execute(db.readers()).await.is_err());
}

#[tokio::test]
async fn a_database_of_a_newer_gateway_is_not_touched() {
    // Going back to an older version must not damage what the newer one wrote; closing refuses later writes.
    let path = directory("db-newer").join("d.db");
    let db = Db::open(&path).await.unwrap();
    db.write(|connection| {
        Box::pin(async move {
            sqlx::query("UPDATE meta SET value = '999' WHERE name = 'schema'").execute(connection).await?;
            Ok::<_, DbError>(())
        })
    })
    .await
    .unwrap();
    db.close().await;
    assert!(matches!(put(&db, "late", false).await, Err(DbError::Closed)));
    assert!(matches!(Db::open(&path).await, Err(DbError::TooNew(999))));
}
