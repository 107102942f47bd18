// SPDX-License-Identifier: MIT
#include "apps/mkfs/targets.h"

#include "apps/common/find_image.h"
#include "apps/common/sizes.h"
#include "libfs/base/names.h"
#include "libfs/io/in_use.h"
#include "libfs/io/new_file_place.h"
#include "libfs/io/signature.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/stat.h>
#include <unistd.h>

namespace btrkit::apps {

namespace {

/// Whether somebody means a place in a file that is not there: that is no name for a new one.
bool names_a_place(const std::string& operand) {
    const auto at = operand.find_last_of("@:");
    if (at == std::string::npos || at == 0) {
        return false;
    }
    const std::string_view choice = std::string_view(operand).substr(at + 1);
    const auto plus = choice.find('+');
    const bool is_range =
        parse_size(choice.substr(0, plus)) && (plus == std::string_view::npos || parse_size(choice.substr(plus + 1)));
    const bool is_partition = choice.starts_with('p') && parse_number(choice.substr(1));
    return operand[at] == '@' ? is_range : is_partition;
}

Result<Target> find_target(const std::string& operand) {
    BTRKIT_TRY_ASSIGN(auto found, find_image(operand, WithoutChoice::whole));
    if (!found.warning.empty()) {
        return fail(ErrorKind::usage, std::move(found.warning));
    }
    const auto& path = found.place.path;
    struct stat status = {};
    BTRKIT_TRY(check_no_stream(path));
    if (::stat(path.c_str(), &status) != 0) {
        if (errno != ENOENT) {
            return fail(ErrorKind::io, fmt::format("{}: {}", printable(path), std::strerror(errno)));
        }
        if (names_a_place(operand)) {
            return fail(ErrorKind::usage,
                        fmt::format("{}: there is no file {} to make a filesystem in", printable(operand),
                                    printable(operand.substr(0, operand.find_last_of("@:")))));
        }
        BTRKIT_TRY(check_new_file_place(path));
        return Target{.place = std::move(found.place)};
    }
    BTRKIT_TRY_ASSIGN(const auto device, open_image(found.place));
    return Target{.place = found.place,
                  .exists = true,
                  .has_fixed_size = S_ISBLK(status.st_mode) || !found.place.is_whole(),
                  .size_bytes = device->size_bytes()};
}

/// A disk is not overwritten where one of its partitions may be meant.
std::string in_the_way_text(const Target& target, std::span<const Signature> signatures) {
    std::vector<std::string> texts;
    std::string hint;
    for (const auto& signature : signatures) {
        texts.push_back(signature.text());
        if (signature.kind == Signature::Kind::partition_table && target.place.is_whole()) {
            hint = fmt::format("; {}:pN is its partition N", printable(target.name()));
        }
    }
    return fmt::format("{}: holds {} (-f overwrites it{})", printable(target.name()), fmt::join(texts, " and "), hint);
}

Result<void> check_free(const Target& target, bool force) {
    if (const auto why = why_in_use(target.place)) {
        return fail(ErrorKind::refused, fmt::format("{}: {}", printable(target.place.path), *why));
    }
    if (force) {
        return {};
    }
    BTRKIT_TRY_ASSIGN(const auto signatures, find_signatures(target.place));
    return signatures.empty() ? Result<void>{} : fail(ErrorKind::refused, in_the_way_text(target, signatures));
}

/// Whether the image would be read as part of what it is to be filled with.
bool is_below(const std::string& path, const std::string& directory) {
    std::error_code error;
    const auto top = std::filesystem::canonical(directory, error);
    const auto image = std::filesystem::canonical(path, error);
    return !error && std::ranges::mismatch(top, image).in1 == top.end();
}

} // namespace

Result<std::vector<Target>> find_targets(const MkfsFlags& flags) {
    std::vector<Target> targets;
    for (const auto& path : flags.images) {
        BTRKIT_TRY_ASSIGN(auto target, find_target(path));
        for (const auto& other : targets) {
            const std::array both = {other.place, target.place};
            if (other.name() == target.name() || find_overlap(both)) {
                return fail(ErrorKind::usage, fmt::format("{}: given twice", printable(path)));
            }
        }
        if (!target.exists && !flags.size && !flags.has_source()) {
            return fail(ErrorKind::usage, fmt::format("{}: does not exist (--size SIZE makes it)", printable(path)));
        }
        if (target.exists && !flags.rootdir.empty() && is_below(target.place.path, flags.rootdir)) {
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
        const bool may_resize = !target.has_fixed_size && (flags.size || grows(target));
        if (target.has_no_size() && (!may_resize || (!least && !asked))) {
            return fail(ErrorKind::usage, fmt::format("{}: {} (--size SIZE makes it)", printable(target.name()),
                                                      target.exists ? "is empty" : "does not exist"));
        }
        if (asked && *asked > target.size_bytes && !may_resize) {
            return fail(ErrorKind::no_space,
                        fmt::format("{}: has {} bytes, {} bytes are missing to the {} asked for",
                                    printable(target.name()), target.size_bytes, *asked - target.size_bytes, *asked));
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
    ImageWriter writer;
    for (std::size_t i = 0; i < targets.size(); ++i) {
        const Target& target = targets[i];
        const u64 planned = layout.devices[i].size_bytes;
        if (!target.exists) {
            BTRKIT_TRY_ASSIGN(auto made, WritableFile::create(target.place.path, planned));
            open.made_.push_back(target.place.path);
            open.images_.emplace_back(std::move(made));
            continue;
        }
        BTRKIT_TRY_ASSIGN(auto image, writer.open(target.place));
        if (flags.force) {
            BTRKIT_TRY(wipe_signatures(image));
        }
        const bool resizes = !target.has_fixed_size && (flags.size || flags.shrink || target.has_no_size());
        if (resizes && target.size_bytes != planned) {
            BTRKIT_TRY(image.resize(planned));
        }
        if (target.has_no_size()) {
            open.grown_.push_back(i);
        }
        open.images_.push_back(std::move(image));
    }
    for (const auto& image : open.images_) {
        open.devices_.push_back(&image.device());
    }
    return open;
}

OpenTargets::~OpenTargets() {
    for (const auto& path : made_) {
        ::unlink(path.c_str());
    }
    for (const auto index : grown_) {
        static_cast<void>(images_[index].resize(0)); // what fails here leaves nothing that mounts
    }
}

} // namespace btrkit::apps
