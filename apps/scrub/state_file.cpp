// SPDX-License-Identifier: MIT
#include "apps/scrub/state_file.h"

#include "apps/common/file_replacement.h"
#include "libfs/base/names.h"
#include "libfs/io/file_device.h"
#include "libfs/io/new_file_place.h"

#include <cerrno>
#include <cstdio>
#include <cstring>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

namespace btrkit::apps {

namespace {

constexpr u64 most_bytes = u64{16} << 20; ///< of more devices than there can be

std::unexpected<Error> host_failure(const std::string& path, std::string_view doing) {
    return fail(ErrorKind::io, fmt::format("{}: cannot {}: {}", printable(path), doing, std::strerror(errno)));
}

} // namespace

Result<std::optional<SavedScrub>> StateFile::read() const {
    struct stat status{};
    if (::lstat(path_.c_str(), &status) != 0 && errno == ENOENT) {
        return std::nullopt;
    }
    BTRKIT_TRY_ASSIGN(const auto file, FileDevice::open(path_));
    const auto named = [this](const Error& error) {
        return fail(error.kind, fmt::format("{}: {}", printable(path_), error.message));
    };
    if (file->size_bytes() > most_bytes) {
        return named(Error{ErrorKind::usage, "it is no state of a scrub: it is too large"});
    }
    std::vector<std::byte> bytes(static_cast<std::size_t>(file->size_bytes()));
    BTRKIT_TRY(file->read(0, bytes));
    auto saved = parse_saved_scrub(as_text(bytes));
    if (!saved) {
        return named(saved.error());
    }
    return std::move(*saved);
}

Result<void> StateFile::check_writable() const {
    BTRKIT_TRY(check_new_file_place(path_));
    const auto made = FileReplacement::make(path_);
    return made ? Result<void>{} : std::unexpected(made.error());
}

Result<void> StateFile::write(const SavedScrub& saved) const {
    auto made = FileReplacement::make(path_);
    return made ? made->write(saved_scrub_text(saved)) : std::unexpected(made.error());
}

Result<void> StateFile::remove() const {
    if (::unlink(path_.c_str()) != 0 && errno != ENOENT) {
        return host_failure(path_, "be removed");
    }
    return {};
}

Result<void> StateKeeper::offer(const std::function<SavedScrub()>& get) {
    const auto now = time_.now();
    if (now - last_ < interval) {
        return {};
    }
    last_ = now;
    return file_.write(get());
}

} // namespace btrkit::apps
