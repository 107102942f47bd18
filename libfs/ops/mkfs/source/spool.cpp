// SPDX-License-Identifier: MIT
#include "libfs/ops/mkfs/source/spool.h"

#include "libfs/ops/mkfs/source/host_failure.h"

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <cstdlib>

#include <fcntl.h>

namespace btrkit::mkfs {

namespace {

constexpr std::size_t buffer_bytes = std::size_t{1} << 20;

UniqueFd open_nameless(const std::string& directory) {
    UniqueFd fd(::open(directory.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC | O_EXCL, 0600));
    if (fd || (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL)) {
        return fd;
    }
    std::string path = directory + "/btrkit-spool-XXXXXX"; // a filesystem that has only files with names
    fd = UniqueFd(::mkostemp(path.data(), O_CLOEXEC));
    if (fd) {
        ::unlink(path.c_str());
    }
    return fd;
}

} // namespace

Result<std::unique_ptr<SpoolContent>> SpoolContent::make(const std::string& directory) {
    UniqueFd fd = open_nameless(directory);
    if (!fd) {
        return host_failure(directory, "make a temporary file there");
    }
    return std::unique_ptr<SpoolContent>(new SpoolContent(std::move(fd), directory));
}

u32 SpoolContent::begin_file() {
    first_pieces_.push_back(pieces_.size());
    return static_cast<u32>(first_pieces_.size() - 1);
}

Result<void> SpoolContent::append(u64 offset, Bytes bytes) {
    const bool is_first = first_pieces_.back() == pieces_.size();
    if (!is_first && pieces_.back().offset + pieces_.back().length == offset) {
        pieces_.back().length += bytes.size();
    } else {
        assert(is_first || offset > pieces_.back().offset + pieces_.back().length);
        pieces_.push_back({.offset = offset, .length = bytes.size(), .at = written_ + waiting_.size()});
    }
    if (waiting_.size() + bytes.size() > buffer_bytes) {
        BTRKIT_TRY(flush());
    }
    if (bytes.size() >= buffer_bytes) {
        return write_out(bytes);
    }
    waiting_.insert(waiting_.end(), bytes.begin(), bytes.end());
    return {};
}

Result<void> SpoolContent::flush() {
    const Result<void> done = write_out(waiting_);
    waiting_.clear();
    return done;
}

Result<void> SpoolContent::write_out(Bytes bytes) {
    while (!bytes.empty()) {
        const ssize_t done = ::pwrite(fd_.get(), bytes.data(), bytes.size(), static_cast<off_t>(written_));
        if (done < 0 && errno == EINTR) {
            continue;
        }
        if (done < 0) {
            return host_failure(directory_, "write a temporary file there");
        }
        written_ += static_cast<u64>(done);
        bytes = bytes.subspan(static_cast<std::size_t>(done));
    }
    return {};
}

Result<void> SpoolContent::read_spool(u64 at, MutableBytes out) const {
    while (!out.empty()) {
        const ssize_t got = ::pread(fd_.get(), out.data(), out.size(), static_cast<off_t>(at));
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            errno = got == 0 ? EIO : errno; // somebody cut it short
            return host_failure(directory_, "read the temporary file there");
        }
        at += static_cast<u64>(got);
        out = out.subspan(static_cast<std::size_t>(got));
    }
    return {};
}

Result<void> SpoolContent::read(u32 content, u64 offset, MutableBytes out) const {
    assert(content < first_pieces_.size() && waiting_.empty());
    const std::size_t first = first_pieces_[content];
    const std::size_t end = content + 1 < first_pieces_.size() ? first_pieces_[content + 1] : pieces_.size();
    const auto of_file = std::span(pieces_).subspan(first, end - first);
    const auto ends_at = [](const Piece& piece) { return piece.offset + piece.length; };
    auto piece = std::ranges::upper_bound(of_file, offset, {}, ends_at);
    while (!out.empty()) {
        const u64 hole_end = piece == of_file.end() ? offset + out.size() : std::max(piece->offset, offset);
        const auto hole = out.first(std::min<u64>(hole_end - offset, out.size()));
        std::ranges::fill(hole, std::byte{0});
        offset += hole.size();
        out = out.subspan(hole.size());
        if (out.empty()) {
            break;
        }
        const u64 within = offset - piece->offset;
        const auto data = out.first(std::min<u64>(piece->length - within, out.size()));
        BTRKIT_TRY(read_spool(piece->at + within, data));
        offset += data.size();
        out = out.subspan(data.size());
        ++piece;
    }
    return {};
}

} // namespace btrkit::mkfs
