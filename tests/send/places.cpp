// SPDX-License-Identifier: MIT
#include "tests/send/places.h"

#include <algorithm>
#include <array>
#include <fcntl.h>
#include <filesystem>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace btrkit::history {

namespace {

constexpr std::size_t longest_name = 255;
constexpr std::size_t longest_path = 1800;

struct Found {
    std::vector<std::string> directories;
    std::vector<std::string> files;
    std::vector<std::string> leaves;
};

Found find_all(const std::string& top) {
    Found found;
    std::error_code error;
    auto it = std::filesystem::recursive_directory_iterator(top, error);
    for (; !error && it != std::filesystem::recursive_directory_iterator(); it.increment(error)) {
        const auto type = it->symlink_status(error).type();
        if (type == std::filesystem::file_type::directory) {
            found.directories.push_back(it->path());
            continue;
        }
        found.leaves.push_back(it->path());
        if (type == std::filesystem::file_type::regular) {
            found.files.push_back(it->path());
        }
    }
    for (auto* list : {&found.directories, &found.files, &found.leaves}) {
        std::ranges::sort(*list);
    }
    return found;
}

} // namespace

std::string Random::bytes(std::uint64_t count) {
    std::string bytes(count, one_in(4) ? '\0' : static_cast<char>(below(256)));
    if (one_in(2)) {
        std::ranges::generate(bytes, [this] { return static_cast<char>(engine_()); });
    } else if (one_in(2)) {
        std::ranges::generate(bytes, [this] { return static_cast<char>('a' + below(4)); });
    }
    return bytes;
}

std::string parent_of(const std::string& path) {
    return path.substr(0, path.rfind('/'));
}

Places::Places(std::string top, const std::string& other, std::uint64_t seed) : top_(std::move(top)), random_(seed) {
    if (!other.empty()) {
        other_files_ = find_all(other).files;
    }
}

void Places::look_around() {
    if (is_known_) {
        return;
    }
    auto found = find_all(top_);
    directories_ = {top_};
    std::ranges::move(found.directories, std::back_inserter(directories_));
    files_ = std::move(found.files);
    leaves_ = std::move(found.leaves);
    is_known_ = true;
}

std::string Places::directory() {
    look_around();
    return random_.one_in(6) ? top_ : random_.one_of(directories_);
}

std::string Places::lower_directory() {
    look_around();
    return directories_.size() < 2 ? std::string() : directories_[random_.between(1, directories_.size() - 1)];
}

std::string Places::file() {
    look_around();
    return files_.empty() ? std::string() : random_.one_of(files_);
}

std::string Places::leaf() {
    look_around();
    return leaves_.empty() ? std::string() : random_.one_of(leaves_);
}

std::string Places::entry() {
    return random_.one_in(3) ? lower_directory() : leaf();
}

std::string Places::other_file() {
    return other_files_.empty() ? std::string() : random_.one_of(other_files_);
}

std::vector<std::string> Places::entries_of(const std::string& directory) {
    std::vector<std::string> all;
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(directory, error)) {
        all.push_back(entry.path());
    }
    std::ranges::sort(all);
    return all;
}

std::string Places::free_path() {
    while (true) {
        auto path = new_path();
        struct stat stat = {};
        if (lstat(path.c_str(), &stat) != 0) {
            return path;
        }
    }
}

bool Places::has_room(const std::string& from, const std::string& to) {
    look_around();
    std::size_t longest = 0;
    for (const auto* list : {&directories_, &leaves_}) {
        for (const auto& path : *list) {
            if (path.starts_with(from)) {
                longest = std::max(longest, path.size() - from.size());
            }
        }
    }
    return to.size() + longest <= longest_path;
}

/// What a receiver calls an inode until it has its name: the sender must find another one then.
std::string Places::name_like_a_receivers() {
    const auto path = random_.one_in(2) ? file() : directory();
    struct stat stat = {};
    unsigned long generation = 7;
    const int fd = open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd >= 0) {
        fstat(fd, &stat);
        int version = 0; // the ioctl's type says long, but it fills an int
        if (ioctl(fd, FS_IOC_GETVERSION, &version) == 0) {
            generation = static_cast<unsigned long>(version);
        }
        close(fd);
    }
    const auto inode = stat.st_ino + (random_.one_in(2) ? random_.below(30) : 0);
    return "o" + std::to_string(inode) + "-" + std::to_string(generation) + "-" + std::to_string(random_.below(2));
}

std::string Places::new_name() {
    const auto kind = random_.below(20);
    if (kind < 9) {
        return {static_cast<char>('a' + random_.below(16))};
    }
    auto name = "f" + std::to_string(random_.below(1000));
    if (kind < 11) {
        const auto length = random_.one_in(2) ? longest_name : random_.between(40, longest_name);
        return name + std::string(length - name.size(), static_cast<char>('a' + random_.below(26)));
    }
    if (kind < 12) {
        return name_like_a_receivers();
    }
    if (kind < 13) {
        for (auto i = random_.between(1, 30); i > 0; --i) {
            const auto byte = static_cast<char>(random_.between(1, 255));
            name += byte == '/' ? '\n' : byte;
        }
    }
    return name;
}

} // namespace btrkit::history
