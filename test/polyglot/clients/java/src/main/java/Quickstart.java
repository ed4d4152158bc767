import calculator.v1.CalculatorDuplexServiceGrpc;
import calculator.v1.CalculatorDuplex.CalculatorClientEnvelope;
import calculator.v1.Calculator.AddToRequest;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;

public class Quickstart {
  public static void main(String[] args) throws Exception {
    var channel = Grpc.newChannelBuilder(args[0], InsecureChannelCredentials.create()).build();
    var stream = CalculatorDuplexServiceGrpc.newBlockingV2Stub(channel).connect();
    stream.write(CalculatorClientEnvelope.newBuilder().setAddTo(AddToRequest.newBuilder().setN(100)).build());
    stream.halfClose();
    for (var event = stream.read(); event != null; event = stream.read()) {
      if (event.hasEquals()) {
        System.out.printf("Equals(%.0f)%n", event.getEquals().getResult());
      }
    }
    channel.shutdownNow();
  }
}
