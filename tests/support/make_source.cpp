// SPDX-License-Identifier: MIT
// make_source DIRECTORY [--reversed] [--for-tar] [--no-extrefs]: fills an empty directory as rich_source.h says.
// What only root may make is left out for others; names come in reversed order on request, so that readdir's may
// differ.
#include "tests/support/rich_source.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/fs.h>
#include <map>
#include <span>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

using namespace btrkit;
using test::SourceNode;
using test::Texture;

namespace {

[[noreturn]] void die(const std::string& path) {
    fmt::print(stderr, "make_source: {}: {}\n", path, std::strerror(errno));
    std::exit(2);
}

void must(bool done, const std::string& path) {
    if (!done) {
        die(path);
    }
}

u64 hash_of(std::string_view text) {
    u64 hash = 0xcbf29ce484222325;
    for (const char c : text) {
        hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
    }
    return hash;
}

u64 next_random(u64& state) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

/// The bytes of a file at an offset: mixed ones change every 192 KiB, in the midst of what is compressed at once.
std::string piece(Texture texture, u64 seed, u64 offset, u64 length) {
    constexpr u64 change_bytes = 192 * 1024;
    if (texture == Texture::mixed) {
        texture = offset / change_bytes % 2 == seed % 2 ? Texture::text : Texture::random;
    }
    std::string bytes;
    u64 state = (seed ^ (offset + 1) * 0x9e3779b97f4a7c15) | 1;
    while (bytes.size() < length) {
        if (texture == Texture::zeros) {
            bytes.append(length, '\0');
        } else if (texture == Texture::random) {
            const u64 word = next_random(state);
            bytes.append(reinterpret_cast<const char*>(&word), sizeof(word));
        } else {
            bytes += fmt::format("{} lines {} of text that compresses well {}\n", bytes.size(), seed % 1000,
                                 next_random(state) % 64);
        }
    }
    bytes.resize(length);
    return bytes;
}

void write_data(int fd, const std::string& path, const SourceNode& node) {
    constexpr u64 step = 64 * 1024;
    must(::ftruncate(fd, static_cast<off_t>(node.size)) == 0, path);
    for (const auto& [begin, length] : node.ranges) {
        for (u64 at = begin; at < begin + length; at += step) {
            const auto bytes = piece(node.texture, hash_of(node.path), at, std::min(step, begin + length - at));
            must(::pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(at)) == static_cast<ssize_t>(bytes.size()),
                 path);
        }
    }
}

constexpr u32 flags_before_data = FS_NOCOW_FL | FS_COMPR_FL | FS_NOCOMP_FL;

void add_flags(const std::string& path, u32 wanted) {
    const int fd = wanted == 0 ? -1 : ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    int flags = 0;
    if (fd >= 0 && ::ioctl(fd, FS_IOC_GETFLAGS, &flags) == 0) {
        flags |= static_cast<int>(wanted);
        ::ioctl(fd, FS_IOC_SETFLAGS, &flags); // not all hosts know all flags
    }
    ::close(fd);
}

void make_node(const std::string& path, const SourceNode& node) {
    switch (node.mode & S_IFMT) {
    case S_IFDIR: must(::mkdir(path.c_str(), 0700) == 0, path); break;
    case S_IFLNK: must(::symlink(node.target.c_str(), path.c_str()) == 0, path); break;
    case S_IFREG: {
        const int fd = ::open(path.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
        must(fd >= 0, path);
        add_flags(path, node.chattr_flags & flags_before_data);
        write_data(fd, path, node);
        ::close(fd);
        break;
    }
    default: must(::mknod(path.c_str(), node.mode, ::makedev(node.device_major, node.device_minor)) == 0, path);
    }
}

/// Seconds and nanoseconds from the path alone; a few before 1970 and after 2038. (None in the second before 1970: what
/// tar writes as -0.5 libarchive reads as 0.5.)
timespec time_of(const std::string& path) {
    const u64 hash = hash_of(path);
    const auto nsec = static_cast<long>(hash % 1'000'000'000);
    constexpr long year = 31'556'952;
    switch (hash >> 60) {
    case 0: return {.tv_sec = -60 * year - static_cast<long>(hash % year), .tv_nsec = nsec};
    case 1: return {.tv_sec = 380 * year + static_cast<long>(hash % year), .tv_nsec = nsec};
    case 2: return {.tv_sec = -2, .tv_nsec = nsec};
    case 3: return {.tv_sec = 0, .tv_nsec = nsec};
    default: return {.tv_sec = 1'400'000'000 + static_cast<long>(hash % 400'000'000), .tv_nsec = nsec};
    }
}

/// Owner first: changing it takes setuid and capabilities away. Flags last: they may forbid all else.
void set_attributes(const std::string& path, const SourceNode& node, bool is_root) {
    const bool is_symlink = S_ISLNK(node.mode);
    must(!is_root || ::lchown(path.c_str(), node.uid, node.gid) == 0, path);
    must(is_symlink || ::chmod(path.c_str(), node.mode & 07777) == 0, path);
    for (const auto& [name, value] : node.xattrs) {
        if (::lsetxattr(path.c_str(), name.c_str(), value.data(), value.size(), 0) != 0) {
            fmt::print(stderr, "make_source: without {} of {}: {}\n", name, node.path, std::strerror(errno));
        }
    }
}

/// Reading a directory or a symlink sets its atime (as mounted by default), unless that is in the future.
void set_times(const std::string& path, const std::string& name, u32 mode) {
    constexpr long year_2400 = 13'569'465'600;
    timespec atime = time_of(name + " read");
    if (S_ISDIR(mode) || S_ISLNK(mode)) {
        atime.tv_sec = year_2400 + atime.tv_sec % 1'000'000;
    }
    const timespec times[] = {atime, time_of(name)};
    must(::utimensat(AT_FDCWD, path.c_str(), times, AT_SYMLINK_NOFOLLOW) == 0, path);
}

bool is_second_name(const SourceNode& node) {
    return S_ISREG(node.mode) && !node.target.empty();
}

void make_all(const std::string& top, std::vector<SourceNode> nodes, bool is_reversed, bool is_root) {
    const auto full = [&top](const SourceNode& node) { return top + "/" + node.path; };
    if (is_reversed) {
        std::ranges::reverse(nodes);
    }
    std::map<std::pair<bool, long>, std::vector<SourceNode>> levels; // directories before what is in them
    for (auto& node : nodes) {
        levels[{is_second_name(node), std::ranges::count(node.path, '/')}].push_back(std::move(node));
    }
    nodes.clear();
    for (auto& level : levels) {
        std::ranges::move(level.second, std::back_inserter(nodes));
    }
    for (const auto& node : nodes) {
        if (is_second_name(node)) {
            must(::link((top + "/" + node.target).c_str(), full(node).c_str()) == 0, full(node));
        } else {
            make_node(full(node), node);
        }
    }
    std::ranges::reverse(nodes); // a directory's time changes with what is in it
    for (const auto& node : nodes) {
        if (!is_second_name(node)) {
            set_attributes(full(node), node, is_root);
            set_times(full(node), node.path, node.mode);
        }
    }
    set_times(top, ".", S_IFDIR);
    for (const auto& node : nodes) {
        add_flags(full(node), node.chattr_flags & ~flags_before_data);
    }
}

} // namespace

int main(int argc, char** argv) {
    test::RichSourceOptions options{.is_root = ::geteuid() == 0};
    bool is_reversed = false;
    std::string top;
    for (const std::string_view argument : std::span(argv, static_cast<std::size_t>(argc)).subspan(1)) {
        if (argument == "--reversed") {
            is_reversed = true;
        } else if (argument == "--for-tar") {
            options.for_tar = true;
        } else if (argument == "--no-extrefs") {
            options.with_extrefs = false;
        } else if (top.empty() && !argument.starts_with("-")) {
            top = argument;
        } else {
            top.clear();
            break;
        }
    }
    if (top.empty()) {
        fmt::print(stderr, "make_source DIRECTORY [--reversed] [--for-tar] [--no-extrefs]\n");
        return 2;
    }
    ::umask(0);
    make_all(top, test::rich_source(options), is_reversed, options.is_root);
    return 0;
}
