//! Plays a script: a Script on stdin, a Report on stdout.
use std::error::Error;
use std::io::{Read, Write, stdin, stdout};
use std::time::Duration;

use duplex_client::polyglot::v1::{Report, Script, step::Kind};
use duplex_client::testing::v1::everything_duplex_service_client::EverythingDuplexServiceClient;
use prost::Message;
use tokio::sync::mpsc;
use tokio_stream::wrappers::UnboundedReceiverStream;
use tonic::metadata::MetadataKey;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity};
use tonic::{Request, Status};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut input = Vec::new();
    stdin().read_to_end(&mut input)?;
    let script = Script::decode(input.as_slice())?;
    let channel = open_channel(&script)?;
    let mut report = Report::default();
    if let Err(status) = play(script, channel, &mut report).await {
        report.code = status.code() as i32;
        report.message = status.message().to_string();
    }
    stdout().write_all(&report.encode_to_vec())?;
    Ok(())
}

async fn play(script: Script, channel: Channel, report: &mut Report) -> Result<(), Status> {
    let (outgoing, requests) = mpsc::unbounded_channel();
    let mut outgoing = Some(outgoing);
    let mut request = Request::new(UnboundedReceiverStream::new(requests));
    for (name, value) in script.metadata {
        let name = MetadataKey::from_bytes(name.as_bytes()).expect("a name");
        request.metadata_mut().insert(name, value.parse().expect("a value"));
    }
    if script.deadline_ms > 0 {
        request.set_timeout(Duration::from_millis(script.deadline_ms.into()));
    }
    let mut client = EverythingDuplexServiceClient::new(channel);
    let mut events = client.connect(request).await?.into_inner();
    let mut question = 0;
    for step in script.steps {
        match step.kind.expect("a kind") {
            // What went wrong is told by the events.
            Kind::Send(envelope) => drop(outgoing.as_ref().map(|it| it.send(envelope))),
            Kind::Reply(mut envelope) => {
                envelope.reply_to = question;
                drop(outgoing.as_ref().map(|it| it.send(envelope)));
            }
            Kind::Receive(()) => match events.message().await? {
                Some(event) => {
                    question = question.max(event.call_id);
                    report.received.push(event);
                }
                None => return Ok(()),
            },
            Kind::HalfClose(()) => outgoing = None,
            // Dropping the stream cancels it.
            Kind::Cancel(()) => return Err(Status::cancelled("by the client")),
        }
    }
    while let Some(event) = events.message().await? {
        report.received.push(event);
    }
    Ok(())
}

fn open_channel(script: &Script) -> Result<Channel, Box<dyn Error>> {
    let Some(files) = &script.tls else {
        return Ok(Endpoint::from_shared(format!("http://{}", script.address))?.connect_lazy());
    };
    let mut config = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(&files.ca));
    if !files.certificate.is_empty() {
        config = config.identity(Identity::from_pem(&files.certificate, &files.key));
    }
    let endpoint = Endpoint::from_shared(format!("https://{}", script.address))?;
    Ok(endpoint.tls_config(config)?.connect_lazy())
}
