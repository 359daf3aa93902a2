//! The protocol core of httpx-wasm in Rust, through wasmtime: a response that comes in pieces is read, an HPACK block and a zstd
//! body are decoded. `cargo run -- http-core.component.wasm`

use std::fmt::Display;

use wasmtime::component::{Component, Linker, ResourceAny, bindgen};
use wasmtime::{Engine, Error, Result, Store};

bindgen!({ path: "../../../wasm/http-core.wit", world: "http-core" });

use exports::httpx_wasm::http_core::{
    codings::{Coding, ContentLimits, Progress},
    connections::{Event, HeadLimits, Protocol, Request, Scheme},
    hpack::FieldLimits,
    types::Field,
};

const RESPONSE: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n\
    6\r\nHello,\r\n7\r\n world!\r\n0\r\nServer-Timing: total\r\n\r\n";
const PIECE_OCTETS: usize = 7;
/// A request of RFC 7541 §C.4.1.
const FIELD_BLOCK: &str = "828684418cf1e3c2e5f23a6ba0ab90f4ff";
/// `to and fro, ` a hundred times, by zstd.
const ZSTD: &str = "28b52ffd64b0039d000060746f20616e642066726f2c200100a1fc2f4936ff5498";

fn octets_of(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

/// Octets of a head, as what they mostly are; they need not be UTF-8.
fn text(octets: &[u8]) -> impl Display + '_ {
    String::from_utf8_lossy(octets)
}

/// What a call of the component refuses, as an error of ours.
fn refused(fault: impl std::fmt::Debug) -> Error {
    Error::msg(format!("{fault:?}"))
}

/// Reads the response as it comes, piece by piece.
fn read_response(core: &HttpCore, store: &mut Store<()>) -> Result<()> {
    let connections = core.httpx_wasm_http_core_connections().connection();
    let limits = HeadLimits { octets: 65536, fields: 256, interim: 16 };
    let connection = connections.call_constructor(&mut *store, Protocol::Http1, limits)?;
    let request = Request {
        method: b"GET".to_vec(),
        target: b"/".to_vec(),
        scheme: Scheme::Http,
        protocol: None,
        fields: vec![Field { name: b"Host".to_vec(), value: b"example.org".to_vec() }],
        is_complete: true,
    };
    connections.call_open(&mut *store, connection, &request)?.map_err(refused)?;
    let head = connections.call_take_output(&mut *store, connection)?;
    println!("request: {}", text(&head).to_string().trim_end().replace("\r\n", " | "));
    let mut content = Vec::new();
    for piece in RESPONSE.chunks(PIECE_OCTETS) {
        for event in connections.call_receive(&mut *store, connection, piece, 0)? {
            match event {
                Event::Head(head) => {
                    println!("response: {} {}", head.status, text(&head.reason));
                    head.fields.iter().for_each(|field| println!("  {}: {}", text(&field.name), text(&field.value)));
                }
                Event::Data(data) => content.extend(data.octets),
                Event::End(end) => {
                    println!("content: {}", text(&content));
                    end.trailers.iter().for_each(|field| println!("  {}: {}", text(&field.name), text(&field.value)));
                }
                Event::Error(error) => return Err(refused(error.fault)),
                _ => {}
            }
        }
    }
    connection.resource_drop(&mut *store)
}

/// Decodes a field block of HTTP/2.
fn decode_fields(core: &HttpCore, store: &mut Store<()>) -> Result<()> {
    let decoders = core.httpx_wasm_http_core_hpack().field_decoder();
    let limits = FieldLimits { table_octets: 4096, list_octets: 65536, fields: 256 };
    let decoder = decoders.call_constructor(&mut *store, limits)?;
    let fields = decoders.call_decode(&mut *store, decoder, &octets_of(FIELD_BLOCK))?.map_err(refused)?;
    println!("HPACK:");
    fields.iter().for_each(|field| println!("  {}: {}", text(&field.name), text(&field.value)));
    decoder.resource_drop(&mut *store)
}

/// Decodes a body: what is not taken is given again.
fn decode_content(core: &HttpCore, store: &mut Store<()>) -> Result<()> {
    let decoders = core.httpx_wasm_http_core_codings().content_decoder();
    let limits = ContentLimits { octets: Some(1_000_000), ratio: None, window_octets: None };
    let decoder: ResourceAny = decoders.call_constructor(&mut *store, Coding::Zstd, limits)?;
    let body = octets_of(ZSTD);
    let mut content = Vec::new();
    let mut taken = 0;
    loop {
        let decoded = decoders.call_decode(&mut *store, decoder, &body[taken..])?;
        content.extend(decoded.octets);
        taken += decoded.taken as usize;
        match decoded.progress {
            Progress::NeedsInput => break,
            Progress::HasOutput => {}
            Progress::Broken(fault) => return Err(refused(fault)),
        }
    }
    decoders.call_end(&mut *store, decoder)?.map_err(refused)?;
    println!("zstd: {} octets, {}…", content.len(), text(&content[..10]));
    decoder.resource_drop(&mut *store)
}

fn main() -> Result<()> {
    let path = std::env::args().nth(1).ok_or_else(|| Error::msg("Cannot start: the component's file is missing"))?;
    let engine = Engine::default();
    let component = Component::from_file(&engine, path)?;
    let mut store = Store::new(&engine, ());
    let core = HttpCore::instantiate(&mut store, &component, &Linker::new(&engine))?;
    read_response(&core, &mut store)?;
    decode_fields(&core, &mut store)?;
    decode_content(&core, &mut store)?;
    println!("live octets: {}", core.httpx_wasm_http_core_memory().call_live_octets(&mut store)?);
    Ok(())
}
