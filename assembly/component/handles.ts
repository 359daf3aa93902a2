/**
 * What the component asks of its host: a handle for each address that a constructor makes (`resource.new` of the canonical ABI).
 * The only imports of any build of the core. Decorated functions are no TypeScript: tools for that leave this file out.
 */
@external('cm32p2|_ex_httpx-wasm:http-core/connections@0.1', 'connection_new')
export declare function connectionHandle(address: usize): u32;

@external('cm32p2|_ex_httpx-wasm:http-core/hpack@0.1', 'field-decoder_new')
export declare function fieldDecoderHandle(address: usize): u32;

@external('cm32p2|_ex_httpx-wasm:http-core/hpack@0.1', 'field-encoder_new')
export declare function fieldEncoderHandle(address: usize): u32;

@external('cm32p2|_ex_httpx-wasm:http-core/codings@0.1', 'content-decoder_new')
export declare function contentDecoderHandle(address: usize): u32;
