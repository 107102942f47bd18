// SPDX-License-Identifier: MIT
// btrkit-extract as users meet it; what comes out of samples and past damage is in tests/extract.
#include "apps/extract/extract.h"

#include "apps/edit/edit.h"
#include "apps/send/send.h"
#include "apps/subvolume/subvolume.h"
#include "tests/apps/made_image.h"

#include <fstream>

#include <doctest/doctest.h>

namespace extract_app_test {

using namespace btrkit;
using namespace btrkit::test;

namespace {

void do_well(apps::App app, const std::vector<std::string>& arguments) {
    const auto run = run_tool(app, arguments);
    REQUIRE_MESSAGE(run.status == 0, run.err);
}

std::string text_of(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

/// " UID:GID " of each member of an archive, as plain headers have them.
std::string owners_in(const std::string& archive) {
    constexpr std::size_t block = 512;
    const auto text = text_of(archive);
    const auto number = [&](std::size_t at, std::size_t length) {
        return std::stoull(text.substr(at, length), nullptr, 8);
    };
    std::string owners;
    for (std::size_t at = 0; at + block <= text.size() && text[at] != '\0';) {
        const bool is_member = text[at + 156] != 'x' && text[at + 156] != 'g';
        owners += is_member
                      ? " " + std::to_string(number(at + 108, 8)) + ":" + std::to_string(number(at + 116, 8)) + " "
                      : "";
        at += block + round_up(number(at + 124, 12), block);
    }
    return owners;
}

ToolRun extract(const std::vector<std::string>& arguments) {
    return run_tool(apps::run_extract, arguments);
}

/// Two snapshots of a subvolume that changes between them, as streams.
class Streams {
public:
    Streams() {
        do_well(apps::run_subvolume, {"snapshot", "-r", image.path(), "sub", "one"});
        std::ofstream(image.beside("new")) << "made later";
        do_well(apps::run_edit, {"put", image.path(), image.beside("new"), "/sub/later"});
        do_well(apps::run_subvolume, {"snapshot", "-r", image.path(), "sub", "two"});
        do_well(apps::run_send, {image.path(), "one", "-f", full()});
        do_well(apps::run_send, {image.path(), "two", "-p", "one", "-f", more()});
    }

    std::string full() const { return image.beside("full"); }
    std::string more() const { return image.beside("more"); }
    std::string target() const { return image.beside("target"); }

    MadeImage image;
};

} // namespace

TEST_CASE("btrkit-extract --stream: what a chain of streams leads to, without the image") {
    const Streams streams;
    const auto run = extract({"--to", streams.target(), "--stream", streams.more(), streams.full()});
    CHECK(run.status == 0);
    CHECK(run.err.empty());
    CHECK(contains(run.out, "2 files, "));
    CHECK(text_of(streams.target() + "/two/inside") == "inside");
    CHECK(text_of(streams.target() + "/two/later") == "made later");
    CHECK_FALSE(std::filesystem::exists(streams.target() + "/one"));

    // Again: it is there already. All of it, or a part.
    CHECK(contains(extract({"--to", streams.target(), "--stream", streams.full(), "--stream", streams.more()}).out,
                   " of them were there already"));
    CHECK(extract({"--to", streams.target(), "--snapshots", "--stream", streams.more(), streams.full()}).status == 0);
    CHECK(std::filesystem::exists(streams.target() + "/one/inside"));
    CHECK_FALSE(std::filesystem::exists(streams.target() + "/one/later"));
    const auto part = streams.image.beside("part");
    CHECK(extract({"two/later", "--to", part, "--stream", streams.more(), streams.full()}).status == 0);
    CHECK(std::filesystem::exists(part + "/two/later"));
    CHECK_FALSE(std::filesystem::exists(part + "/two/inside"));

    const auto json = extract({"--to", part, "--stream", streams.more(), streams.full(), "--format", "json"});
    CHECK(contains(json.out, "\"filesystem\": null"));
    CHECK(contains(json.out, streams.more()));
}

TEST_CASE("btrkit-extract --stream: what can't be is refused, and nothing is left behind") {
    const Streams streams;
    const auto count_left = [] {
        std::size_t count = 0;
        for (const auto& entry : std::filesystem::directory_iterator(std::filesystem::temp_directory_path())) {
            count += entry.path().filename().string().starts_with("btrkit-extract.") ? 1 : 0;
        }
        return count;
    };
    const auto left_before = count_left();
    const auto refused = [&](const std::vector<std::string>& arguments, int status, const std::string& why) {
        auto all = arguments;
        all.insert(all.begin(), {"--to", streams.target()});
        check_refused(extract(all), status, {why}, "btrkit-extract");
        CHECK_FALSE(std::filesystem::exists(streams.target()));
    };
    refused({}, 2, "IMAGE is required, or --stream");
    refused({"--stream", "-"}, 2, "streams are read twice");
    refused({"--stream", streams.image.beside("none")}, 1, "cannot open");
    refused({"--stream", streams.more()}, 1, "is not in this filesystem");
    refused({"--stream", streams.image.path()}, 1, streams.image.path());
    std::filesystem::resize_file(streams.full(), std::filesystem::file_size(streams.full()) - 30);
    refused({"--stream", streams.full()}, 1, streams.full());
    CHECK(count_left() == left_before);
}

TEST_CASE("btrkit-extract --owner, --all-root, --uid-map: whose it is, in an archive too") {
    const MadeImage image({"--owner", "1000:1001"});
    do_well(apps::run_edit, {"chown", image.path(), "7:8", "/docs/small"});
    do_well(apps::run_edit, {"chmod", image.path(), "4755", "/docs/small"});
    const auto archive = [&](const std::vector<std::string>& options, int status) {
        auto arguments = options;
        arguments.insert(arguments.end(), {image.path(), "docs", "-o", "--to-tar", image.beside("tar")});
        const auto run = extract(arguments);
        CHECK(run.status == status);
        return std::pair(run.err, owners_in(image.beside("tar")));
    };
    CHECK(count_of(archive({}, 0).second, " 1000:1001 ") == 3);
    CHECK(count_of(archive({"--owner", "5:6"}, 0).second, " 5:6 ") == 4);
    CHECK(count_of(archive({"--all-root"}, 0).second, " 0:0 ") == 4);
    const auto [complaint, mapped] = archive({"--uid-map", "1000:3000:5", "--gid-map", "1000:4000:5"}, 1);
    CHECK(count_of(mapped, " 3000:4001 ") == 3);
    CHECK(count_of(mapped, " 65534:65534 ") == 1);
    CHECK(contains(complaint, "docs/small: uid 7 is not covered by the uid map\n"));
    CHECK(archive({"--uid-map", "1000:3000:5,7:9:1"}, 0).first.empty());
    check_refused(extract({image.path(), "--to", image.beside("x"), "--owner", "1:2", "--all-root"}), 2,
                  {"exclude each other"}, "btrkit-extract");
    check_refused(extract({image.path(), "--to", image.beside("x"), "--uid-map", "1:2"}), 2, {"1:2"}, "btrkit-extract");
}

} // namespace extract_app_test
