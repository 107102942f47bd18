// SPDX-License-Identifier: MIT
#include "apps/reading/file_text.h"

#include "formats/btrfs/file_extent.h"
#include "libfs/fs/file_extents.h"
#include "libfs/render/local_time.h"

#include <array>

#include <fmt/format.h>
#include <sys/stat.h>

namespace btrkit::apps {

namespace {

char type_letter(btrfs::FileType type) {
    constexpr std::string_view letters = "?-dcbpsl";
    const auto number = static_cast<std::size_t>(type);
    return number < letters.size() ? letters[number] : '?';
}

/// With a special bit in place of x: "s" or "t", capital without x.
char execute_letter(u32 mode, u32 execute, u32 special, char letter) {
    const bool has_execute = (mode & execute) != 0;
    if ((mode & special) != 0) {
        return has_execute ? letter : static_cast<char>(letter - 'a' + 'A');
    }
    return has_execute ? 'x' : '-';
}

} // namespace

std::string mode_text(u32 mode, btrfs::FileType type) {
    const auto by_mode = file_type_of(mode);
    std::string text(1, type_letter(by_mode == btrfs::FileType::unknown ? type : by_mode));
    const std::array<std::array<u32, 3>, 3> groups = {
        {{S_IRUSR, S_IWUSR, S_IXUSR}, {S_IRGRP, S_IWGRP, S_IXGRP}, {S_IROTH, S_IWOTH, S_IXOTH}}};
    const std::array<std::pair<u32, char>, 3> special = {{{S_ISUID, 's'}, {S_ISGID, 's'}, {S_ISVTX, 't'}}};
    for (std::size_t group = 0; group < groups.size(); ++group) {
        text += (mode & groups[group][0]) != 0 ? 'r' : '-';
        text += (mode & groups[group][1]) != 0 ? 'w' : '-';
        text += execute_letter(mode, groups[group][2], special[group].first, special[group].second);
    }
    return text;
}

Result<std::string> symlink_target(FileReader& reader, SubvolumeView& view, const InodePlace& place,
                                   const Inode& inode) {
    BTRKIT_TRY_ASSIGN(const auto item, view.symlink_item(inode.number));
    const auto* head = view_at<btrfs::FileExtentHead>(item);
    if (head != nullptr && head->type == static_cast<u8>(btrfs::FileExtentType::inline_data) &&
        head->compression == static_cast<u8>(btrfs::Compression::none)) {
        const auto target = as_text(Bytes(item).subspan(sizeof(*head)));
        return std::string(target.substr(0, target.find('\0')));
    }
    BTRKIT_TRY_ASSIGN(const auto target, read_symlink(reader, place, inode));
    return target.substr(0, target.find('\0'));
}

std::string full_time_text(const Time& time) {
    const auto text = time_text_with_zone(time.sec);
    const auto zone = text.rfind(' ');
    return zone == std::string::npos ? text
                                     : fmt::format("{}.{:09}{}", text.substr(0, zone), time.nsec, text.substr(zone));
}

std::string minute_text(const Time& time) {
    auto text = time_text_with_zone(time.sec);
    constexpr std::size_t up_to_minutes = 16;
    return text.size() > up_to_minutes && text[4] == '-' ? text.substr(0, up_to_minutes) : text;
}

} // namespace btrkit::apps
