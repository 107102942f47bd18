// SPDX-License-Identifier: MIT
#include "apps/mkfs/targets.h"

#include "libfs/base/names.h"
#include "libfs/io/file_device.h"
#include "libfs/io/in_use.h"
#include "libfs/io/new_file_place.h"
#include "libfs/io/signature.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

namespace btrkit::apps {

namespace {

Result<Target> find_target(const std::string& path) {
    struct stat status = {};
    BTRKIT_TRY(check_no_stream(path));
    if (::stat(path.c_str(), &status) != 0) {
        if (errno == ENOENT) {
            BTRKIT_TRY(check_new_file_place(path));
            return Target{.path = path};
        }
        return fail(ErrorKind::io, fmt::format("{}: {}", printable(path), std::strerror(errno)));
    }
    BTRKIT_TRY_ASSIGN(const auto device, FileDevice::open(path));
    return Target{
        .path = path, .exists = true, .is_block_device = S_ISBLK(status.st_mode), .size_bytes = device->size_bytes()};
}

Result<void> check_free(const Target& target, bool force) {
    if (const auto why = why_in_use(target.path)) {
        return fail(ErrorKind::refused, fmt::format("{}: {}", printable(target.path), *why));
    }
    if (force) {
        return {};
    }
    BTRKIT_TRY_ASSIGN(const auto signature, find_signature(target.path));
    if (signature) {
        return fail(ErrorKind::refused,
                    fmt::format("{}: holds {} (-f overwrites it)", printable(target.path), *signature));
    }
    return {};
}

/// Whether the image would be read as part of what it is to be filled with.
bool is_below(const std::string& path, const std::string& directory) {
    std::error_code error;
    const auto top = std::filesystem::canonical(directory, error);
    const auto image = std::filesystem::canonical(path, error);
    return !error && std::ranges::mismatch(top, image).in1 == top.end();
}

bool same_file(const Target& a, const Target& b) {
    struct stat of_a = {};
    struct stat of_b = {};
    if (::stat(a.path.c_str(), &of_a) != 0 || ::stat(b.path.c_str(), &of_b) != 0) {
        return a.path == b.path;
    }
    return S_ISBLK(of_a.st_mode) && S_ISBLK(of_b.st_mode) ? of_a.st_rdev == of_b.st_rdev
                                                          : of_a.st_dev == of_b.st_dev && of_a.st_ino == of_b.st_ino;
}

} // namespace

Result<std::vector<Target>> find_targets(const MkfsFlags& flags) {
    std::vector<Target> targets;
    for (const auto& path : flags.images) {
        BTRKIT_TRY_ASSIGN(auto target, find_target(path));
        if (std::ranges::any_of(targets, [&](const Target& other) { return same_file(other, target); })) {
            return fail(ErrorKind::usage, fmt::format("{}: given twice", printable(path)));
        }
        if (!target.exists && !flags.size && !flags.has_source()) {
            return fail(ErrorKind::usage, fmt::format("{}: does not exist (--size SIZE makes it)", printable(path)));
        }
        if (target.exists && !flags.rootdir.empty() && is_below(path, flags.rootdir)) {
            return fail(ErrorKind::refused,
                        fmt::format("{}: lies in the directory that it is to be filled from", printable(path)));
        }
        BTRKIT_TRY(target.exists ? check_free(target, flags.force) : Result<void>{});
        targets.push_back(std::move(target));
    }
    return targets;
}

Result<TargetSizes> sizes_of(const MkfsFlags& flags, std::span<const Target> targets) {
    const auto grows = [&](const Target& target) { return target.has_no_size() && flags.has_source(); };
    TargetSizes result;
    const bool least = flags.shrink || (flags.size && !flags.size->bytes) ||
                       (std::ranges::all_of(targets, grows) && !flags.size && !flags.byte_count);
    result.sizing = least ? mkfs::Sizing::least : mkfs::Sizing::given;
    result.slack_bytes = flags.size ? flags.size->slack_bytes : 0;
    const auto asked = flags.size ? flags.size->bytes : flags.byte_count;
    for (const auto& target : targets) {
        const bool may_resize = !target.is_block_device && (flags.size || grows(target));
        if (target.has_no_size() && (!may_resize || (!least && !asked))) {
            return fail(ErrorKind::usage, fmt::format("{}: {} (--size SIZE makes it)", printable(target.path),
                                                      target.exists ? "is empty" : "does not exist"));
        }
        if (asked && *asked > target.size_bytes && !may_resize) {
            return fail(ErrorKind::no_space,
                        fmt::format("{}: has {} bytes, {} bytes are missing to the {} asked for",
                                    printable(target.path), target.size_bytes, *asked - target.size_bytes, *asked));
        }
        // Without bound where the file will be made as large as it must be.
        const u64 bound = least && may_resize ? 0 : target.size_bytes;
        result.sizes.push_back(asked.value_or(bound));
    }
    return result;
}

Result<OpenTargets> OpenTargets::open(const MkfsFlags& flags, std::span<const Target> targets,
                                      const mkfs::Layout& layout) {
    OpenTargets open;
    for (std::size_t i = 0; i < targets.size(); ++i) {
        const Target& target = targets[i];
        const u64 planned = layout.devices[i].size_bytes;
        BTRKIT_TRY_ASSIGN(auto file,
                          target.exists ? WritableFile::open(target.path) : WritableFile::create(target.path, planned));
        if (!target.exists) {
            open.made_.push_back(target.path);
        }
        if (target.exists && flags.force) {
            BTRKIT_TRY(wipe_signatures(*file));
        }
        const bool resizes = !target.is_block_device && (flags.size || flags.shrink || target.has_no_size());
        if (resizes && target.size_bytes != planned && target.exists) {
            BTRKIT_TRY(file->resize(planned));
        }
        if (target.exists && target.has_no_size()) {
            open.grown_.push_back(file.get());
        }
        open.devices_.push_back(file.get());
        open.files_.push_back(std::move(file));
    }
    return open;
}

OpenTargets::~OpenTargets() {
    for (const auto& path : made_) {
        ::unlink(path.c_str());
    }
    for (auto* file : grown_) {
        static_cast<void>(file->resize(0)); // what fails here leaves nothing that mounts
    }
}

} // namespace btrkit::apps
