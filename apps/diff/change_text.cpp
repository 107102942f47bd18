// SPDX-License-Identifier: MIT
#include "apps/diff/change_text.h"

#include "apps/reading/name_json.h"
#include "libfs/base/names.h"

#include <fmt/format.h>

namespace btrkit::apps {

namespace {

constexpr std::array<std::string_view, 4> kind_words = {"added", "removed", "changed", "renamed"};

std::string path_text(const std::string& path, bool is_directory) {
    return printable(fmt::format("/{}{}", path, is_directory && !path.empty() ? "/" : ""));
}

std::vector<std::string_view> words_of(const diff::Aspects& aspects) {
    std::vector<std::string_view> words;
    for (std::size_t i = 0; i < aspect_words.size(); ++i) {
        if (aspects.has(static_cast<diff::Aspect>(i))) {
            words.push_back(aspect_words[i]);
        }
    }
    return words;
}

} // namespace

std::string change_text(const diff::Change& change) {
    const bool is_directory = change.type == btrfs::FileType::directory;
    std::string text(kind_words[static_cast<std::size_t>(change.kind)]);
    text += ' ';
    if (change.kind == diff::ChangeKind::renamed) {
        text += path_text(change.from, is_directory) + " -> ";
    }
    text += path_text(change.path, is_directory);
    std::string_view before = ": ";
    for (const auto word : words_of(change.aspects)) {
        text += before;
        text += word;
        before = " ";
    }
    return text + "\n";
}

std::string change_json_line(const diff::Change& change) {
    Json object{{"change", kind_words[static_cast<std::size_t>(change.kind)]}};
    set_text(object, "path", "/" + change.path);
    set_optional_text(object, "from",
                      change.kind == diff::ChangeKind::renamed ? std::optional("/" + change.from) : std::nullopt);
    object["type"] = file_type_json(change.type);
    object["is_subvolume"] = change.is_subvolume;
    object["different"] = words_of(change.aspects);
    return json_line(std::move(object));
}

} // namespace btrkit::apps
