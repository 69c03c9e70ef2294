//! The plans of the questions that take the longest, with those of the statements inside functions.

use std::time::Duration;

use futures_util::StreamExt as _;
use tokio_postgres::AsyncMessage;

use crate::measure::count;
use crate::{Bench, DATABASE};

const SETTINGS: &str =
    "LOAD 'auto_explain'; SET auto_explain.log_min_duration = '5ms'; SET auto_explain.log_analyze = on;
    SET auto_explain.log_buffers = on; SET auto_explain.log_nested_statements = on; SET auto_explain.log_level = notice;
    SET auto_explain.log_timing = off";
/// Of one plan; what is below is small.
const LINES_MAX: usize = 45;

pub(crate) async fn show(bench: &Bench, questions: &[String]) {
    println!("## Plans of the three that take the longest without filters\n");
    for question in questions {
        let plans = plans(question).await;
        println!("`SELECT {question}`:\n");
        // The last is the longest: it contains the others.
        let longest = plans.iter().rev().take(3);
        for plan in longest {
            println!("```");
            for line in plan.lines().take(LINES_MAX) {
                println!("{}", line.chars().take(200).collect::<String>());
            }
            println!("```\n");
        }
    }
    assert!(count(&bench.owner, "SELECT count(*) FROM analytics_visits").await > 0);
}

/// All plans of statements that took long, the inner ones first.
async fn plans(question: &str) -> Vec<String> {
    let admin = footfall_testkit::postgres().await.admin(DATABASE);
    let (client, mut connection) = footfall_store::open(&admin).await.unwrap();
    let (sender, mut received) = tokio::sync::mpsc::unbounded_channel();
    let listening = tokio::spawn(async move {
        let mut messages = futures_util::stream::poll_fn(move |context| connection.poll_message(context));
        while let Some(Ok(message)) = messages.next().await {
            if let AsyncMessage::Notice(notice) = message {
                let _ = sender.send(notice.message().to_owned());
            }
        }
    });
    client.batch_execute(SETTINGS).await.unwrap();
    client.query(&format!("SELECT {question}"), &[]).await.unwrap();
    drop(client);
    let _ = tokio::time::timeout(Duration::from_secs(5), listening).await;
    let mut plans = Vec::new();
    while let Ok(plan) = received.try_recv() {
        plans.push(plan);
    }
    plans
}
