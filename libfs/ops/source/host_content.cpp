// SPDX-License-Identifier: MIT
#include "libfs/ops/source/host_content.h"

#include "libfs/io/open_below.h"
#include "libfs/ops/source/host_failure.h"
#include "libfs/ops/source/path_text.h"

#include <algorithm>
#include <cassert>
#include <cerrno>

namespace btrkit::source {

namespace {

constexpr std::size_t most_open_files = 16;

} // namespace

u32 HostContent::add_folder(u32 parent, std::string name) {
    folders_.push_back({.parent = parent, .name = std::move(name)});
    return static_cast<u32>(folders_.size() - 1);
}

u32 HostContent::add_file(u32 folder, std::string name, const FileIdentity& identity) {
    files_.push_back({.folder = folder, .name = std::move(name), .identity = identity});
    return static_cast<u32>(files_.size() - 1);
}

std::string HostContent::path_of(const File& file) const {
    std::vector<const std::string*> names = {&file.name};
    for (u32 at = file.folder; folders_[at].parent != no_folder; at = folders_[at].parent) {
        names.push_back(&folders_[at].name);
    }
    return path_from_below(names);
}

Result<UniqueFd> HostContent::open(const File& file) const {
    UniqueFd fd = open_below(root_.get(), path_of(file), 0);
    if (fd) {
        return fd;
    }
    if (errno == ENOENT || errno == ENOTDIR || errno == ELOOP || errno == ENXIO) { // now missing, or another type
        return changed_failure(shown_path(file));
    }
    return host_failure(shown_path(file), "open");
}

Result<HostContent::SharedFd> HostContent::open_shared(u32 content) const {
    const std::lock_guard lock(mutex_);
    const auto found = std::ranges::find(open_files_, content, &Cached::content);
    if (found != open_files_.end()) {
        std::rotate(found, found + 1, open_files_.end());
        return open_files_.back().fd;
    }
    BTRKIT_TRY_ASSIGN(UniqueFd fd, open(files_[content]));
    if (open_files_.size() == most_open_files) {
        open_files_.erase(open_files_.begin());
    }
    open_files_.push_back({.content = content, .fd = std::make_shared<const UniqueFd>(std::move(fd))});
    return open_files_.back().fd;
}

bool HostContent::is_unchanged(int fd, const File& file) {
    struct stat status{};
    return ::fstat(fd, &status) == 0 && identity_of(status) == file.identity;
}

Result<void> HostContent::read_open(int fd, const File& file, u64 offset, MutableBytes out) const {
    while (!out.empty()) {
        const ssize_t got = ::pread(fd, out.data(), out.size(), static_cast<off_t>(offset));
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            const auto failure = host_failure(shown_path(file), "read");
            return is_unchanged(fd, file) ? failure : changed_failure(shown_path(file));
        }
        if (got == 0) {
            return changed_failure(shown_path(file));
        }
        offset += static_cast<u64>(got);
        out = out.subspan(static_cast<std::size_t>(got));
    }
    if (!is_unchanged(fd, file)) {
        return changed_failure(shown_path(file));
    }
    return {};
}

Result<void> HostContent::read(u32 content, u64 offset, MutableBytes out) const {
    assert(content < files_.size());
    const File& file = files_[content];
    assert(offset <= file.identity.size && out.size() <= file.identity.size - offset);
    if (out.size() == file.identity.size) {
        const Result<UniqueFd> fd = open(file);
        return fd ? read_open(fd->get(), file, offset, out) : std::unexpected(fd.error());
    }
    const Result<SharedFd> fd = open_shared(content);
    return fd ? read_open((*fd)->get(), file, offset, out) : std::unexpected(fd.error());
}

Result<void> HostContent::with_file(u32 content, const std::function<Result<void>(int fd)>& use) const {
    const File& file = files_[content];
    BTRKIT_TRY_ASSIGN(const SharedFd fd, open_shared(content));
    BTRKIT_TRY(use(fd->get()));
    return is_unchanged(fd->get(), file) ? Result<void>{} : changed_failure(shown_path(file));
}

} // namespace btrkit::source
