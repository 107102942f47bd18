// SPDX-License-Identifier: MIT
#include "libfs/ops/scrub/donor/host_sectors.h"

#include "libfs/io/open_below.h"

#include <algorithm>
#include <cerrno>
#include <limits>

#include <fcntl.h>
#include <sys/stat.h>

namespace btrkit::scrub {

namespace {

constexpr std::size_t file_run_bytes = std::size_t{1} << 20; ///< a multiple of every sector size

/// A name that can only mean an entry of the directory itself.
bool is_plain_name(std::string_view name) {
    return !name.empty() && name != "." && name != ".." && !name.contains('\0');
}

struct ReadSome {
    std::size_t got = 0;
    bool failed = false; ///< behind what it got; else the file ends there or out is full
};

ReadSome read_some(int fd, u64 offset, MutableBytes out) {
    ReadSome read;
    while (read.got < out.size()) {
        const u64 at = offset + read.got;
        if (at < offset || at > static_cast<u64>(std::numeric_limits<off_t>::max())) {
            break;
        }
        const ssize_t more = ::pread(fd, out.data() + read.got, out.size() - read.got, static_cast<off_t>(at));
        if (more < 0 && errno == EINTR) {
            continue;
        }
        if (more <= 0) {
            read.failed = more < 0;
            break;
        }
        read.got += static_cast<std::size_t>(more);
    }
    return read;
}

/// Where data comes next, at or behind offset; size_bytes where there is none.
u64 next_data(int fd, u64 offset, u64 size_bytes) {
    const off_t data = ::lseek(fd, static_cast<off_t>(offset), SEEK_DATA);
    if (data < 0) {
        return errno == ENXIO ? size_bytes : offset; // where the host can't tell, it is data
    }
    return std::clamp(static_cast<u64>(data), offset, size_bytes);
}

} // namespace

UniqueFd open_regular_file(int directory, const std::string& name) {
    // Before opening: that has effects of its own on some devices.
    struct stat status{};
    if (::fstatat(directory, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(status.st_mode)) {
        return {};
    }
    UniqueFd fd = open_below(directory, name, 0);
    if (!fd || ::fstat(fd.get(), &status) != 0 || !S_ISREG(status.st_mode)) {
        return {};
    }
    return fd;
}

UniqueFd open_file_in(int folder, std::string_view path) {
    // One name at a time: no path is too long, and it needs no newer kernel, as openat2's RESOLVE_BENEATH would.
    UniqueFd on_the_way;
    int from = folder;
    while (true) {
        path.remove_prefix(std::min(path.find_first_not_of('/'), path.size()));
        const std::string name(path.substr(0, path.find('/')));
        path.remove_prefix(name.size());
        if (!is_plain_name(name)) {
            return {};
        }
        if (path.empty()) {
            return open_regular_file(from, name);
        }
        UniqueFd next(::openat(from, name.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
        if (!next) {
            return {};
        }
        on_the_way = std::move(next);
        from = on_the_way.get();
    }
}

bool offer_sector(int fd, u64 offset, u32 sectorsize, const TryBytes& accept) {
    std::vector<std::byte> sector(sectorsize);
    const ReadSome read = read_some(fd, offset, sector);
    return read.got > 0 && !read.failed && accept(sector);
}

SectorVisitor::SectorVisitor(const Search& search, const StopToken& stop)
    : search_(&search), stop_(stop), run_(file_run_bytes) {}

bool SectorVisitor::visit_file(int fd, u64 size_bytes, const std::string& where) {
    const u64 sectorsize = search_->sectorsize;
    const u64 size = std::min(size_bytes, static_cast<u64>(std::numeric_limits<off_t>::max()) - file_run_bytes);
    bool hole_shown = false;
    u64 at = 0;
    while (at < size) {
        if (stop_.stop_requested()) {
            return false;
        }
        const u64 data_at = next_data(fd, at, size);
        if (data_at - at >= sectorsize) {
            if (!std::exchange(hole_shown, true) && !visit_hole(where)) {
                return false;
            }
            at = data_at == size ? size : round_down(data_at, sectorsize);
            continue;
        }
        const auto run = MutableBytes(run_).first(std::min<u64>(file_run_bytes, size - at));
        const ReadSome read = read_some(fd, at, run);
        if (read.got == 0 && !read.failed) {
            return true; // it has become shorter
        }
        // Where reading failed, the sector that it failed in is passed over.
        const std::size_t whole = read.failed ? round_down(read.got, sectorsize) : read.got;
        if (!visit_sectors(whole, where)) {
            return false;
        }
        at += read.failed ? whole + sectorsize : round_up(whole, sectorsize);
    }
    return true;
}

bool SectorVisitor::visit_hole(const std::string& where) {
    std::ranges::fill_n(run_.begin(), search_->sectorsize, std::byte{});
    return search_->visit(where, Bytes(run_).first(search_->sectorsize));
}

/// Those in the first bytes of the run, of which the last may be short.
bool SectorVisitor::visit_sectors(std::size_t length, const std::string& where) {
    const u32 sectorsize = search_->sectorsize;
    std::fill(run_.begin() + static_cast<std::ptrdiff_t>(length),
              run_.begin() + static_cast<std::ptrdiff_t>(round_up(length, sectorsize)), std::byte{});
    for (std::size_t at = 0; at < length; at += sectorsize) {
        if (!search_->visit(where, Bytes(run_).subspan(at, sectorsize))) {
            return false;
        }
    }
    return true;
}

} // namespace btrkit::scrub
