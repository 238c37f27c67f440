#pragma once
// SourceReader: the text of a Workflow, wherever its source says it is.

#include "base/files.hpp"
#include "kube/client.hpp"
#include "operator/url_source.hpp"

namespace vedette::op {

struct SourceReaderOptions {
    Duration timeout = std::chrono::seconds(30);  ///< of one read, all of it
    /// make_mounted_files(--source-dir); null: file sources are refused. Outlives the reader.
    Files* mounted = nullptr;
    UrlSourceOptions url;
};

/// Threads: one reactor. Lifetime: outlives its reads; what it is made with outlives it. Cancellation: by unwinding.
class SourceReader {
public:
    SourceReader(asio::any_io_executor executor, Clock& clock, net::GuardedDialer& dialer, net::Tls& tls,
                 kube::Client client, SourceReaderOptions options);

    /// The text as it stands, which may be no Workflow: build_workflow() reads it. `ns` is the Workflow's namespace,
    /// where a ConfigMap is looked for; that takes the right to get configmaps there. Ends by `deadline` or
    /// `options.timeout`, whichever comes first.
    ///
    /// Errors: those of UrlSource::read, of make_mounted_files() and of kube::Client::get; invalid_input where the
    /// source names nothing or a kind that is switched off; not_found for a key that a ConfigMap lacks; too_large.
    Task<std::string> read(Source source, std::string ns, Deadline deadline);

    SourceCache const& cache() const { return url_.cache(); }

private:
    Result<std::string> read_file(std::string const& path) const;
    Task<std::string> read_config_map(Source const& source, std::string ns, Deadline deadline);

    Clock& clock_;
    kube::Client client_;
    SourceReaderOptions options_;
    UrlSource url_;
};

}  // namespace vedette::op
