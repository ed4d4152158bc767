fn main() -> Result<(), Box<dyn std::error::Error>> {
    let protos = ["calculator/v1/calculator_duplex.proto", "polyglot/v1/script.proto"];
    tonic_prost_build::configure()
        .build_server(false)
        // The rpc is called Connect, and so would be tonic's shortcut that makes a channel.
        .build_transport(false)
        .include_file("protos.rs")
        .compile_fds(protox::compile(protos, ["proto"])?)?;
    Ok(())
}
