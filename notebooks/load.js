// The load of chapters 05, 08 and 11, for k6: each user asks for URL, again and again.
import http from 'k6/http';

export default function () {
    http.get(__ENV.URL);
}

// At the end, one line of JSON in place of k6's table.
export function handleSummary({ metrics }) {
    return { stdout: JSON.stringify({
        requests: metrics.http_reqs.values.count,
        failed: metrics.http_req_failed.values.passes,
        per_second: metrics.http_reqs.values.rate,
        median_ms: metrics.http_req_duration.values.med,
        p95_ms: metrics.http_req_duration.values['p(95)'],
    }) + '\n' };
}
