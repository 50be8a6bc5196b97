// The shapes of the API's answers about keys, money and deployments. Not served: for the type check only.

export interface Money { nanos: number; usd: string; credits: string }
export interface Windows { total_usd: string | null; day_usd: string | null; month_usd: string | null }
export interface Policy {
  order: "cheapest" | "fastest" | "listed"; prefer: string[] | null; pinned: string | null;
  deployments: string[] | null; models: string[] | null; default_model: string | null;
  successors: boolean; emulate: boolean; after_refusal: boolean;
}
export interface Key {
  id: string; name: string; account: string; hint: string; scopes: string[]; dialect: string; policy: Policy;
  budget: Windows; used: Windows; limits: Record<string, number | null>;
  price_multiplier: string; price_per_image_usd: string | null;
  created_at: string; revoked_at: string | null; expires_at: string | null;
  /** Only in the answer that made it. */
  key?: string;
}
export interface Endpoint {
  id: string; url: string; events: string[]; format: string; signature_key: string; key: string | null;
  created_at: string; disabled_at: string | null; disabled_reason: string | null; secret?: string;
}
export interface EndpointSecret { secret: string; previous_valid_until: string | null }
export interface Delivery {
  id: string; event: string; job: string | null; endpoint: string | null; url: string;
  state: "pending" | "delivered" | "failed" | "stopped"; attempt_count: number; last_status: number | null;
  last_error: string | null; next_attempt_at: string | null; created_at: string; finished_at: string | null;
  attempts?: { number: number; started_at: string; duration_ms: number; status: number | null; error: string | null }[];
}

export interface Balance {
  account: string; prepaid: boolean; posted: Money; held: Money; available: Money | null; floor: Money | null;
  budget: Windows; used: Windows; key?: { id: string; budget: Windows; used: Windows };
}
export interface UsageRow extends Money {
  jobs: number; images?: number; failed?: number;
  day?: string; model?: string; provider?: string; deployment?: string; key?: string; key_name?: string | null;
}
export interface Usage { account: string; from: string | null; to: string | null; data: UsageRow[]; total: Money & { jobs: number; images?: number; failed?: number } }
export interface Booking {
  id: string; at: string; kind: string; amount: Money; balance: Money; job: string | null; key: string | null;
  model: string | null; note: string | null;
}
export interface Statement { opening: Money; closing: Money; data: Booking[]; has_more: boolean; next_cursor: string | null }
export interface DriftRow {
  deployment: string; model: string; jobs: number; jobs_over: number; expected: Money; captured: Money; drift: Money;
  asked: Money; over: Money; absorbed: Money; cost: Money | null; unknown: Money & { attempts: number };
}

export interface Deployment {
  id: string; provider: string; base_url: string; key_hint: string | null; region: string | null; models: string[];
  upstream_models: Record<string, string>;
  limits: { max_concurrent: number | null; requests_per_minute: number | null; timeout_s: number };
  price: { sheet: string | null; multiplier: string; per_image: Money | null };
  weight: number; latency_ms: number | null;
  circuit: { state: "closed" | "open" | "half_open" | "cooling"; usable: boolean; reason: string | null; since: string | null; retry_at: string | null };
  failures: { last_hour: number; last: { at: string; code: string | null; message: string | null; job: string } | null };
}
export interface Check { ok: boolean; findings: { ok: boolean; what: string; advice: string | null }[] }
export interface Reloaded { added: string[]; changed: string[]; removed: string[]; data: Deployment[] }
export interface RouteQuote {
  model: string; expected: Money; max: Money; notes: string[]; cheapest: string;
  deployments: {
    deployment: string; provider: string; model: string; size: string; reason: string | null; price_sheet: string;
    expected: Money; max: Money; warnings: { code: string; message: string }[];
  }[];
  ruled_out: { deployment: string; reason: string }[];
}
