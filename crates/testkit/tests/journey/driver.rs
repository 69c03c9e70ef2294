//! web/tests/drive.mjs: drives a real browser, and reports each step as a line of JSON.

use std::process::Stdio;

use footfall_testkit::{Pipeline, browser_driver};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

/// A running scenario on a pipeline's site.
pub(crate) struct Driver {
    process: Child,
    answers: ChildStdin,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Driver {
    pub(crate) fn start(scenario: &str, pipeline: &Pipeline) -> Self {
        Self::start_with(scenario, pipeline, &[])
    }

    /// Also with these environment variables.
    pub(crate) fn start_with(scenario: &str, pipeline: &Pipeline, variables: &[(&str, &str)]) -> Self {
        let mut node = Command::new("node");
        node.envs(variables.iter().copied());
        node.arg(browser_driver()).args([scenario, &pipeline.url(8080, "/")]).kill_on_drop(true);
        let mut process = node.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("node is installed");
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        Self { answers: process.stdin.take().unwrap(), process, lines }
    }

    /// The next step; panics with the driver's message if the scenario failed.
    pub(crate) async fn next(&mut self) -> Value {
        let line = self.lines.next_line().await.unwrap().expect("the driver reports its end as a step");
        let step: Value = serde_json::from_str(&line).unwrap();
        assert_ne!(step["step"], "failed", "{}", step["message"].as_str().unwrap_or(&line));
        step
    }

    /// Continues to the step of this name.
    pub(crate) async fn until(&mut self, name: &str) -> Value {
        loop {
            let step = self.next().await;
            if step["step"] == name {
                return step;
            }
            assert_ne!(step["step"], "done", "the scenario ended before {name}");
        }
    }

    /// Tells the driver to continue.
    pub(crate) async fn go_on(&mut self) {
        self.answers.write_all(b"\n").await.unwrap();
    }

    /// Continues to the end; returns the remaining steps.
    pub(crate) async fn done(mut self) -> Vec<Value> {
        let mut steps = Vec::new();
        loop {
            let step = self.next().await;
            if step["step"] == "done" {
                assert!(self.process.wait().await.unwrap().success());
                return steps;
            }
            steps.push(step);
        }
    }
}
