// The shapes of the API's answers, as far as the playground reads them. Not served: for the type check only.

export interface Capabilities {
  operations: string[]; sizes: SizeRule; qualities: string[]; default_quality: string;
  backgrounds: string[]; formats: string[]; moderations: string[]; input_fidelities: string[];
  complexities: string[]; mask: boolean; seed: boolean; stream: boolean; compression: boolean;
  max_n: number; max_inputs: number; max_partial_images: number; max_prompt_chars: number;
}
/** Either a closed list or a grid. */
export interface SizeRule {
  default: string; fixed?: string[]; multiple?: number; max_edge?: number;
  min_pixels?: number; max_pixels?: number; max_ratio?: number;
}
export interface Model {
  id: string; created: number; owned_by: string; shutdown_date: string | null;
  darkroom: {
    label: string; description: string; aliases: string[]; deployments: string[];
    sandbox: boolean; served_by_successor: string | null; capabilities: Capabilities;
  };
}
export interface Asset {
  id: string; kind: string; position: number; media_type: string; width: number; height: number;
  byte_size: number; sha256: string; created_at: string; url: string; url_expires_at: string;
  thumbnail_url?: string | null; preview_url?: string | null;
}
export interface Money { nanos: number; usd: string; credits: string }
/** One category of a charge or an estimate: so many tokens, images or megapixels. */
export interface Line extends Money { category: string; quantity: number; unit_nanos: number }
export interface Estimate extends Money { lines: Line[] }
/** The answer of `POST /v1/images/quote`; the first deployment is the one that would be asked. */
export interface Quote {
  model: string; operation: string; expected: Money; max: Money; saved: Money; notes: string[];
  deployments: {
    deployment: string; provider: string; model: string; size: string; price_sheet: string; price_since: string;
    expected: Estimate; max: Estimate; saved: Money; warnings: Warning[]; reason?: string;
  }[];
  ruled_out: { deployment: string; reason: string }[];
}
export interface Budget { total_usd: string | null; day_usd: string | null; month_usd: string | null }
/** The answer of `GET /v1/balance`; `available` is null where nothing bounds it. */
export interface Balance {
  account: string; prepaid: boolean; available: Money | null; held: Money; posted: Money;
  budget: Budget; used: Budget; key?: { id: string; budget: Budget; used: Budget };
}
/** A deployment that was looked at for a job. */
export interface Considered { deployment: string; usable: boolean; reason: string; expected: Money | null }
export interface ErrorRecord {
  code: string; message: string; param?: string | null; retry_after_s?: number | null;
  details?: Record<string, unknown>;
}
export interface Warning { code: string; message: string; param: string | null; asked: string | null; used: string | null }
export interface Attempt {
  number: number; deployment: string; provider: string; model: string; state: string;
  started_at: string; finished_at: string | null; upstream_id: string | null; error: ErrorRecord | null;
}
export interface AskedRequest {
  operation: string; model: string; prompt: string; n: number; size: string; quality: string;
  background: string; output_format: string; output_compression: number | null; moderation: string;
  input_fidelity: string | null; complexity: string | null; seed: number | null;
  partial_images: number; size_policy: string; inputs: string[]; mask: string | null;
  frame_count: number | null; frame_duration_ms: number | null;
}
export interface Usage {
  total_tokens: number; input_tokens: number; output_tokens: number; reported_by_upstream: boolean;
  input_tokens_details: { text_tokens: number; image_tokens: number };
  output_tokens_details: { text_tokens: number; image_tokens: number };
}
export interface Job {
  id: string; state: "queued" | "running" | "succeeded" | "failed" | "canceled"; operation: string;
  dialect: string; model: string; served_model: string | null; deployment: string | null; sandbox: boolean;
  request: AskedRequest;
  output: { size: string; quality: string; background: string; output_format: string; revised_prompts: (string | null)[] } | null;
  usage: Usage | null; warnings: Warning[]; error: ErrorRecord | null; cancel_requested: boolean;
  created_at: string; started_at: string | null; finished_at: string | null;
  timings: { queued_ms: number | null; running_ms: number | null; total_ms: number | null };
  quote: { expected: Money; max: Money; saved: Money; deployments: string[] } | null;
  charge: (Money & { lines: Line[]; saved: Money }) | null;
  route: Considered[]; attempts: Attempt[]; assets: Asset[];
  /** Jobs whose results this one was made from; how many were made from its own. */
  parents?: string[]; children?: number;
  inputs?: Asset[]; mask?: Asset | null;
  /** Only here: not accepted by the server yet, or never. */
  local?: boolean;
}
/** One image that an edit starts from: stored (`id`) or fetched by the server (`url`). */
export interface Input {
  key: string; id: string | null; url: string | null; src: string | null; name: string;
  state: "uploading" | "ready" | "failed"; problem: string | null;
  /** Uploaded by this page and part of no job yet: deleted when it is taken out. */
  unused: boolean;
}
/** Where the first input image may change: a stored file, transparent there. */
export interface Mask {
  /** The input image that it was painted for, and its pixels. */
  of: { key: string; id: string }; width: number; height: number;
  /** How much of the picture may change, 0 to 1; a small picture of that as a data: URL. */
  share: number; thumbnail: string | null;
  id: string | null; state: "uploading" | "ready" | "failed"; problem: string | null;
  /** Only until the page is reloaded; then the file is read again. */
  blob: Blob | null; strokes: import("../mask/model.js").Strokes | null;
  /** Uploaded by this page and part of no job yet: deleted when it is taken out. */
  unused: boolean;
}
/** What a job asks for, in our words: from the form, or from a job of the history. */
export interface Wish {
  model: string; prompt: string; n: number; size: string; quality: string; background: string;
  output_format: string; output_compression: number | null; moderation: string;
  input_fidelity: string | null; complexity: string | null; seed: number | null;
  inputs: { file_id?: string; image_url?: string }[]; mask: string | null; partial_images: number;
}
/** A request on the wire. */
export interface Wire { path: string; body: Record<string, unknown> }
