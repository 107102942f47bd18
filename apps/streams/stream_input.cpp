// SPDX-License-Identifier: MIT
#include "apps/streams/stream_input.h"

#include "apps/common/exit_status.h"
#include "libfs/base/names.h"

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

namespace btrkit::apps {

namespace {

std::unexpected<Error> input_failure(const std::string& name, std::string_view doing) {
    return fail(ErrorKind::io, fmt::format("{}: cannot {}: {}", printable(name), doing, std::strerror(errno)));
}

} // namespace

Result<StreamInput> StreamInput::open(const std::string& path) {
    const bool is_stdin = path == "-";
    StreamInput input(is_stdin ? "standard input" : path,
                      UniqueFd(is_stdin ? -1 : ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY)), 0);
    if (!is_stdin && !input.file_) {
        return input_failure(path, "open");
    }
    if (::isatty(input.fd()) == 1) {
        return fail(ErrorKind::usage, fmt::format("{}: is a terminal: give a FILE, or a pipe", printable(input.name_)));
    }
    struct stat status{};
    if (::fstat(input.fd(), &status) != 0) {
        return input_failure(input.name_, "be looked at");
    }
    if (S_ISREG(status.st_mode)) {
        input.size_bytes_ = static_cast<u64>(status.st_size);
    }
    return input;
}

int StreamInput::fd() const {
    return file_ ? file_.get() : STDIN_FILENO;
}

ByteSource StreamInput::source(StopToken stop) const {
    return
        [this, stop](MutableBytes room) { return fill(stop, [&] { return ::read(fd(), room.data(), room.size()); }); };
}

ByteSourceAt StreamInput::source_at(StopToken stop) const {
    if (size_bytes_ == 0) {
        return {};
    }
    return [this, stop](u64 offset, MutableBytes room) -> Result<std::size_t> {
        std::size_t done = 0;
        for (std::size_t got = 1; got != 0 && done < room.size(); done += got) {
            const auto rest = room.subspan(done);
            const auto at = static_cast<off_t>(offset + done);
            BTRKIT_TRY_ASSIGN(got, fill(stop, [&] { return ::pread(fd(), rest.data(), rest.size(), at); }));
        }
        return done;
    };
}

/// read_some() as read(2): again where a signal asked for no stop.
template <class ReadSome>
Result<std::size_t> StreamInput::fill(const StopToken& stop, ReadSome read_some) const {
    for (;;) {
        if (stop.stop_requested()) {
            return fail(ErrorKind::cancelled, "stopped");
        }
        const auto got = read_some();
        if (got >= 0) {
            return static_cast<std::size_t>(got);
        }
        if (errno != EINTR) {
            return input_failure(name_, "read");
        }
    }
}

std::expected<std::vector<StreamInput>, int> open_inputs(const std::vector<std::string>& paths, Messages& messages) {
    std::vector<StreamInput> inputs;
    int status = exit_failed;
    for (const auto& path : paths) {
        if (auto input = StreamInput::open(path)) {
            inputs.push_back(std::move(*input));
        } else {
            messages.error(input.error());
            status = input.error().kind == ErrorKind::usage ? exit_usage : status;
        }
    }
    if (messages.error_count() > 0) {
        return std::unexpected(status);
    }
    return inputs;
}

std::vector<StreamSource> sources_of(std::span<const StreamInput> inputs, const StopToken& stop) {
    std::vector<StreamSource> sources;
    for (const auto& input : inputs) {
        sources.push_back({input.name(), input.source(stop), input.size_bytes(), input.source_at(stop)});
    }
    return sources;
}

} // namespace btrkit::apps
