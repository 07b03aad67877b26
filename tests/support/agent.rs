//! A conversation with a real agent, over whatever streams it has.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::time::Duration;

use kiln::wire::{
    AgentMessage, Decoder, Ending, Exit, HostMessage, JobLimits, JobSpec, KillCause, MAGIC, Setup, Stage,
    StageReport, StageSpec, Stream, VERSION, encode,
};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;

/// Far above anything that is not stuck.
const STUCK: Duration = Duration::from_secs(60);

/// The daemon's end of an agent's streams.
pub(crate) struct Agent {
    input: Option<Pin<Box<dyn AsyncWrite + Send>>>,
    output: Pin<Box<dyn AsyncRead + Send>>,
    decoder: Decoder,
}

/// All that came back from a job.
#[derive(Debug, Default)]
pub(crate) struct JobResult {
    pub(crate) output: BTreeMap<(u8, u8), Vec<u8>>,
    pub(crate) compile: Option<StageReport>,
    pub(crate) run: Option<StageReport>,
    pub(crate) input_taken: u64,
}

impl JobResult {
    pub(crate) fn stdout(&self) -> String {
        String::from_utf8_lossy(self.output.get(&(1, 0)).map_or(&[], Vec::as_slice)).into_owned()
    }

    pub(crate) fn stderr(&self) -> String {
        String::from_utf8_lossy(self.output.get(&(1, 1)).map_or(&[], Vec::as_slice)).into_owned()
    }

    #[track_caller]
    pub(crate) fn exit(&self) -> Exit {
        match &self.run.as_ref().expect("the job ran").ending {
            Ending::Exited(exit) => *exit,
            Ending::NotStarted(reason) => panic!("not started: {reason}"),
        }
    }

    #[track_caller]
    pub(crate) fn killed(&self) -> Option<KillCause> {
        self.run.as_ref().expect("the job ran").killed
    }
}

/// A shell script as a job; change what the test is about.
pub(crate) fn shell(script: &str) -> JobSpec {
    let argv = ["sh", "-c", script].map(str::to_owned).to_vec();
    JobSpec {
        compile: None,
        keep_build_bytes_max: 0,
        run: stage(argv),
        compile_only: false,
        terminal: None,
        artifacts: None,
        use_compile_standby: false,
        use_standby: false,
        limits: limits(),
    }
}

pub(crate) fn stage(argv: Vec<String>) -> StageSpec {
    StageSpec { argv, user_args: 0, env: Vec::new(), wall_micros: 30_000_000, cpu_micros: 30_000_000 }
}

pub(crate) fn limits() -> JobLimits {
    JobLimits {
        output_bytes: 1 << 20,
        file_bytes: 16 << 20,
        disk_bytes: 16 << 20,
        inodes: 1_000,
        processes: 64,
        open_files: 1_024,
        stack_bytes: 8 << 20,
        stack_bytes_max: u64::MAX,
        cpu_millis: 1000,
    }
}

impl Agent {
    pub(crate) fn new(
        input: impl AsyncWrite + Send + 'static,
        output: impl AsyncRead + Send + 'static,
    ) -> Self {
        Self { input: Some(Box::pin(input)), output: Box::pin(output), decoder: Decoder::default() }
    }

    /// The next message; `None` at the end of the stream.
    pub(crate) async fn receive(&mut self) -> Option<AgentMessage> {
        let receive = async {
            loop {
                if let Some(message) = self.decoder.decode().expect("frames make sense") {
                    return Some(message);
                }
                let mut buffer = vec![0; 64 * 1024];
                match self.output.read(&mut buffer).await.expect("the stream can be read") {
                    0 => return None,
                    bytes => self.decoder.push(&buffer[..bytes]),
                }
            }
        };
        timeout(STUCK, receive).await.expect("the agent is not stuck")
    }

    pub(crate) async fn send(&mut self, message: &HostMessage) {
        self.send_bytes(&encode(message).unwrap()).await;
    }

    pub(crate) async fn send_bytes(&mut self, bytes: &[u8]) {
        let input = self.input.as_mut().expect("not hung up yet");
        input.write_all(bytes).await.unwrap();
        input.flush().await.unwrap();
    }

    /// Ends the agent's input, as a daemon that goes away does.
    pub(crate) fn hang_up(&mut self) {
        self.input = None;
    }

    pub(crate) async fn set_up(&mut self, setup: Setup) -> AgentMessage {
        let first = self.receive().await;
        assert!(
            matches!(first, Some(AgentMessage::Hello { magic: MAGIC, version: VERSION, .. })),
            "{first:?}"
        );
        self.send(&HostMessage::Setup(setup)).await;
        self.receive().await.expect("the agent gets ready")
    }

    pub(crate) async fn write_file(&mut self, path: &str, content: &[u8]) {
        let (path, content) = (path.to_owned(), content.to_vec());
        self.send(&HostMessage::File { path, executable: false, append: false, content }).await;
    }

    /// Runs a job with all of its input to its end.
    pub(crate) async fn run(&mut self, job: JobSpec, input: &[u8]) -> JobResult {
        self.send(&HostMessage::Run(job)).await;
        if !input.is_empty() {
            self.send(&HostMessage::Input(input.to_vec())).await;
        }
        self.send(&HostMessage::CloseInput).await;
        self.finish().await
    }

    /// Collects until the job is over.
    pub(crate) async fn finish(&mut self) -> JobResult {
        let mut result = JobResult::default();
        loop {
            match self.receive().await.expect("the agent lives until the job is over") {
                AgentMessage::Output { stage, stream, content } => {
                    let key = (u8::from(stage == Stage::Run), u8::from(stream == Stream::Stderr));
                    result.output.entry(key).or_default().extend(content);
                }
                AgentMessage::Ended(report) if report.stage == Stage::Compile => {
                    result.compile = Some(report)
                }
                AgentMessage::Ended(report) => result.run = Some(report),
                AgentMessage::InputTaken(bytes) => result.input_taken += bytes,
                AgentMessage::Started(_) => {}
                AgentMessage::Finished => return result,
                other => panic!("{other:?} is out of order"),
            }
        }
    }
}
