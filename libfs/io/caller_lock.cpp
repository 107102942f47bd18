// SPDX-License-Identifier: MIT
#include "libfs/io/caller_lock.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

namespace btrkit {

namespace fs = std::filesystem;

namespace {

/// "1: FLOCK  ADVISORY  WRITE 4711 00:05:123 0 EOF", in /proc/locks and behind "lock:" in /proc/PID/fdinfo/N. The pid
/// is of the process that took it, which may have ended: descriptors are passed on.
struct LockLine {
    std::string kind, access, pid, file, begin, end;

    friend bool operator==(const LockLine&, const LockLine&) = default;
};

/// The pid of locks that belong to descriptors alone. Shared ones of several holders look the same then, and tell
/// nothing.
constexpr std::string_view nobody = "-1";

/// Nothing for those that wait ("->").
std::optional<LockLine> parse_lock_line(const std::string& text) {
    std::istringstream words(text);
    std::string ordinal, strictness;
    LockLine line;
    words >> ordinal >> line.kind >> strictness >> line.access >> line.pid >> line.file >> line.begin >> line.end;
    return words && line.kind != "->" ? std::optional(line) : std::nullopt;
}

/// What one descriptor holds.
struct Descriptor {
    bool closes_on_exec = false;
    std::vector<LockLine> locks;
};

Descriptor read_descriptor(const fs::path& fdinfo) {
    Descriptor descriptor;
    std::ifstream file(fdinfo);
    for (std::string text; std::getline(file, text);) {
        const auto colon = std::min(text.find(':'), text.size());
        const auto name = std::string_view(text).substr(0, colon);
        if (name == "flags") {
            descriptor.closes_on_exec = (std::strtoull(text.c_str() + colon + 1, nullptr, 8) & O_CLOEXEC) != 0;
        } else if (name == "lock") {
            if (auto line = parse_lock_line(text.substr(colon + 1))) {
                descriptor.locks.push_back(std::move(*line));
            }
        }
    }
    return descriptor;
}

/// What the process's descriptors hold. only_inherited: those that came through exec; we ourselves open nothing so.
void add_locks(const std::string& pid, bool only_inherited, std::vector<LockLine>& locks) {
    std::error_code error;
    const auto is_telling = [](const LockLine& line) { return line.pid != nobody || line.access == "WRITE"; };
    for (const auto& entry : fs::directory_iterator("/proc/" + pid + "/fdinfo", error)) {
        const auto descriptor = read_descriptor(entry.path());
        if (!only_inherited || !descriptor.closes_on_exec) {
            std::ranges::copy_if(descriptor.locks, std::back_inserter(locks), is_telling);
        }
    }
}

/// Empty behind the last that is visible here.
std::string parent_of(const std::string& pid) {
    std::ifstream file("/proc/" + pid + "/stat");
    std::string text;
    std::getline(file, text);
    const auto behind_name = text.rfind(')'); // the name may hold anything
    if (behind_name == std::string::npos) {
        return {};
    }
    std::istringstream words(text.substr(behind_name + 1));
    std::string state, parent;
    words >> state >> parent;
    return parent == "0" ? std::string() : parent;
}

std::vector<std::string> ancestors() {
    constexpr std::size_t most = 1000; // a chain that changes while we look can't hold us
    std::vector<std::string> pids;
    for (auto pid = parent_of("self"); !pid.empty() && pids.size() < most; pid = parent_of(pid)) {
        pids.push_back(pid);
    }
    return pids;
}

/// How lock lines call the file. A lock of our own tells best: on btrfs and overlayfs fstat() has another device
/// number.
std::string file_of(int fd) {
    const auto own = read_descriptor(fmt::format("/proc/self/fdinfo/{}", fd));
    if (!own.locks.empty()) {
        return own.locks.front().file;
    }
    struct stat status{};
    if (::fstat(fd, &status) != 0) {
        return {};
    }
    return fmt::format("{:02x}:{:02x}:{}", ::gnu_dev_major(status.st_dev), ::gnu_dev_minor(status.st_dev),
                       status.st_ino);
}

} // namespace

bool is_lock_of_caller(int fd, std::string_view kind) {
    const auto file = file_of(fd);
    const auto is_meant = [&](const LockLine& line) { return line.kind == kind && line.file == file; };
    const auto callers = ancestors();
    std::vector<LockLine> known;
    add_locks("self", true, known);
    for (const auto& pid : callers) {
        add_locks(pid, false, known);
    }
    // An exclusive lock has no other holder beside it: seen with a caller, it is theirs, even where /proc/locks leaves
    // it out (it does where the pid is not visible here).
    bool found =
        std::ranges::any_of(known, [&](const LockLine& line) { return is_meant(line) && line.access == "WRITE"; });
    std::ifstream all("/proc/locks");
    for (std::string text; std::getline(all, text);) {
        const auto line = parse_lock_line(text);
        if (!line || !is_meant(*line)) {
            continue;
        }
        if (std::ranges::find(known, *line) == known.end() && std::ranges::find(callers, line->pid) == callers.end()) {
            return false;
        }
        found = true;
    }
    return found;
}

} // namespace btrkit
