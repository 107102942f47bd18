// SPDX-License-Identifier: MIT
#include "apps/common/find_image.h"

#include "apps/common/partition_text.h"
#include "apps/common/sizes.h"
#include "libfs/base/names.h"
#include "libfs/io/btrfs_trace.h"
#include "libfs/io/host_tables.h"
#include "libfs/io/image.h"

#include <filesystem>

#include <fmt/format.h>

namespace btrkit::apps {

namespace {

struct Range {
    u64 offset = 0;
    std::optional<u64> length_bytes;
};

/// "1M", "1M+64M"
std::optional<Range> parse_range(std::string_view text) {
    const auto plus = text.find('+');
    const auto offset = parse_size(text.substr(0, plus));
    if (!offset || plus == std::string_view::npos) {
        return offset ? std::optional(Range{.offset = *offset, .length_bytes = {}}) : std::nullopt;
    }
    const auto length_bytes = parse_size(text.substr(plus + 1));
    if (length_bytes.value_or(0) == 0) {
        return std::nullopt;
    }
    return Range{.offset = *offset, .length_bytes = length_bytes};
}

bool exists(const std::string& path) {
    std::error_code error;
    return std::filesystem::symlink_status(path, error).type() > std::filesystem::file_type::not_found;
}

/// Where the choice begins, '@' or ':': behind the longest part that is a file or block device. npos: nowhere.
std::size_t find_choice(const std::string& operand) {
    if (exists(operand)) {
        return std::string::npos;
    }
    for (auto at = operand.find_last_of("@:"); at != std::string::npos && at > 0;
         at = operand.find_last_of("@:", at - 1)) {
        if (identity_of(operand.substr(0, at))) {
            return at;
        }
    }
    return std::string::npos;
}

Result<FoundImage> place_of(const std::string& path, const std::string& name, const Partition& partition) {
    if (partition.bytes_there == 0) {
        return fail(ErrorKind::usage,
                    fmt::format("{}: partition {} begins at byte {}, behind the end: not all of the disk is there",
                                printable(path), partition.number, partition.offset));
    }
    FoundImage found{
        .place = {.path = path, .name = name, .offset = partition.offset, .length_bytes = partition.bytes_there}};
    if (partition.bytes_there < partition.length_bytes) {
        found.warning = fmt::format("{}: is cut: only {} of {} bytes are there", printable(name), partition.bytes_there,
                                    partition.length_bytes);
    }
    return found;
}

Result<FoundImage> find_partition(const std::string& path, const std::string& called, const std::string& operand) {
    BTRKIT_TRY_ASSIGN(const auto partitions, read_partitions(path));
    if (partitions.empty()) {
        return fail(ErrorKind::usage, fmt::format("{}: there is no such file, and {} has no partition table",
                                                  printable(operand), printable(path)));
    }
    const auto found = find_partitions(partitions, called);
    if (found.size() == 1) {
        return place_of(path, operand, partitions[found.front()]);
    }
    return fail(ErrorKind::usage, fmt::format("{}: {} partition of {} is called '{}': it has {}", printable(operand),
                                              found.empty() ? "no" : "more than one", printable(path),
                                              printable(called), list_text(partitions)));
}

Result<FoundImage> find_only_btrfs(const std::string& path) {
    FoundImage whole{.place = ImagePlace::whole(path)};
    const auto device = open_image(whole.place);
    if (!device || find_btrfs_trace(**device) == BtrfsTrace::first) {
        return whole; // what can't be opened is told by who needs it
    }
    const auto all = read_partitions(path);
    std::vector<Partition> with_btrfs;
    for (const auto& partition : all.value_or(std::vector<Partition>())) {
        if (partition.holds_btrfs()) {
            with_btrfs.push_back(partition);
        }
    }
    if (with_btrfs.empty()) {
        return whole;
    }
    const auto name = fmt::format("{}:p{}", path, with_btrfs.front().number);
    if (with_btrfs.size() > 1) {
        return fail(ErrorKind::usage,
                    fmt::format("{}: {} of its partitions have a btrfs: {}; choose one, as {}", printable(path),
                                with_btrfs.size(), list_text(with_btrfs), printable(name)));
    }
    BTRKIT_TRY_ASSIGN(auto found, place_of(path, name, with_btrfs.front()));
    found.note = fmt::format("{}: a disk; its only btrfs is taken, partition {}", printable(path),
                             partition_text(with_btrfs.front()));
    return found;
}

} // namespace

Result<FoundImage> find_image(const std::string& operand, WithoutChoice without_choice) {
    const auto at = find_choice(operand);
    if (at == std::string::npos) {
        return without_choice == WithoutChoice::whole ? FoundImage{.place = ImagePlace::whole(operand)}
                                                      : find_only_btrfs(operand);
    }
    const auto path = operand.substr(0, at);
    const auto choice = operand.substr(at + 1);
    if (operand[at] == ':') {
        return find_partition(path, choice, operand);
    }
    const auto range = parse_range(choice);
    if (!range) {
        return fail(ErrorKind::usage, fmt::format("{}: there is no such file, and '{}' is no OFFSET[+LENGTH] in {}",
                                                  printable(operand), printable(choice), printable(path)));
    }
    FoundImage found{
        .place = {.path = path, .name = operand, .offset = range->offset, .length_bytes = range->length_bytes}};
    BTRKIT_TRY(open_image(found.place)); // for who never opens it as it is
    return found;
}

std::vector<ImagePlace> find_images(const std::vector<std::string>& operands, Messages& messages,
                                    WithoutChoice without_choice) {
    std::vector<ImagePlace> places;
    for (const auto& operand : operands) {
        auto found = find_image(operand, without_choice);
        if (!found) {
            messages.error(found.error());
            continue;
        }
        if (!found->note.empty()) {
            messages.note(found->note);
        }
        if (!found->warning.empty()) {
            messages.warning(found->warning);
        }
        places.push_back(std::move(found->place));
    }
    return places;
}

} // namespace btrkit::apps
