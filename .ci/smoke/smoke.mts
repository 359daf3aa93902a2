// The installed package's declarations, checked with every strictness on and without skipLibCheck.
import * as httpx from 'httpx-wasm';
import { type Coding, DecoderStream, decode } from 'httpx-wasm/core';

export async function answerOf(url: string): Promise<number> {
  const client = new httpx.AsyncClient({
    timeout: { read: '30s' },
    headers: { accept: 'application/json' },
  });
  try {
    const response = await client.get(url, { params: { q: 'answer' } });
    const { answer } = response.raiseForStatus().json<{ readonly answer: number }>();
    return answer;
  } catch (error) {
    if (error instanceof httpx.HTTPStatusError) return error.response.statusCode;
    throw error;
  } finally {
    await client.aclose();
  }
}

export async function decodedOf(coding: Coding, file: Blob): Promise<ReadableStream<string>> {
  const head = await decode(coding, await file.arrayBuffer(), { decodedOctets: 1000 });
  if (head.length === 0) throw new httpx.DecodingError('nothing');
  return file.stream().pipeThrough(new DecoderStream(coding)).pipeThrough(new TextDecoderStream());
}
