use duplex_client::calculator::v1::calculator_client_envelope::Content as Operation;
use duplex_client::calculator::v1::calculator_duplex_service_client::CalculatorDuplexServiceClient;
use duplex_client::calculator::v1::calculator_server_envelope::Content as Callback;
use duplex_client::calculator::v1::{AddToRequest, CalculatorClientEnvelope};
use tonic::transport::Endpoint;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let address = std::env::args().nth(1).expect("an address");
    let channel = Endpoint::from_shared(format!("http://{address}"))?.connect().await?;
    let add = CalculatorClientEnvelope {
        content: Some(Operation::AddTo(AddToRequest { n: 100.0 })),
        ..Default::default()
    };
    let mut client = CalculatorDuplexServiceClient::new(channel);
    let mut events = client.connect(tokio_stream::once(add)).await?.into_inner();
    while let Some(event) = events.message().await? {
        if let Some(Callback::Equals(equals)) = event.content {
            println!("Equals({})", equals.result);
        }
    }
    Ok(())
}
