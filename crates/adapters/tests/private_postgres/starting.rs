//! First and later starts.

use periscope_adapters::postgres::private::{Owner, PrivatePostgres};

use crate::fixture::{Folder, ask, connect};

#[tokio::test]
async fn what_was_written_is_there_after_the_next_start() {
    let folder = Folder::new("");
    let options = folder.options(Owner::Service);
    let postgres = PrivatePostgres::open(&options).await.unwrap();
    assert!(postgres.is_first_start());
    connect(postgres.url())
        .await
        .batch_execute("create table kept as select 'kept' as word")
        .await
        .unwrap();
    postgres.stop().await;

    let postgres = PrivatePostgres::open(&options).await.unwrap();
    assert!(!postgres.is_first_start());
    assert_eq!(ask(&postgres, "select word from kept").await, "kept");
}
