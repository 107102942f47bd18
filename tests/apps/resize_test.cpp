// SPDX-License-Identifier: MIT
// btrkit-resize on images that btrkit-mkfs made: what becomes of the files, and what is said.
#include "apps/check/check.h"
#include "apps/resize/resize.h"
#include "apps/undo/undo.h"
#include "libfs/render/fields_json.h"
#include "tests/apps/made_image.h"

#include <filesystem>

#include <doctest/doctest.h>

namespace resize_test {

using namespace btrkit;
using namespace btrkit::test;

namespace {

ToolRun resize(const std::vector<std::string>& arguments) {
    return run_tool(apps::run_resize, arguments);
}

u64 min_size_of(const std::string& path) {
    return std::stoull(resize({"min-size", path}).out);
}

void check_sound(const std::string& path) {
    CHECK(run_tool(apps::run_check, {"-q", "--check-data-csum", path}).status == 0);
}

} // namespace

TEST_CASE("resize: the file follows") {
    const MadeImage image({"--size", "200m"});
    const u64 least = min_size_of(image.path());
    CHECK(least < 64 * mib);
    const auto shrunk = resize({"shrink", image.path(), "min"});
    CHECK_MESSAGE(shrunk.status == 0, shrunk.err);
    CHECK(shrunk.out.find(std::to_string(least) + " bytes") != std::string::npos);
    CHECK(std::filesystem::file_size(image.path()) == least);
    check_sound(image.path());

    const auto again = resize({"shrink", image.path(), "min+1M"});
    CHECK(again.status == 0);
    CHECK(again.out.find("there is nothing to be done") != std::string::npos);

    const auto grown = resize({"grow", image.path(), "100m"});
    CHECK_MESSAGE(grown.status == 0, grown.err);
    CHECK(std::filesystem::file_size(image.path()) == 100 * mib);
    check_sound(image.path());
    check_refused(resize({"grow", image.path(), "50m"}), 2, {"to make it smaller, shrink it"}, "btrkit-resize");
    check_refused(resize({"shrink", image.path(), "150m"}), 2, {"to make it larger, grow it"}, "btrkit-resize");
    CHECK(std::filesystem::file_size(image.path()) == 100 * mib);
}

TEST_CASE("resize: what mkfs has made without room to spare gets smaller all the same") {
    const MadeImage image;
    const u64 least = min_size_of(image.path());
    const auto shrunk = resize({"shrink", image.path(), "min"});
    CHECK_MESSAGE(shrunk.status == 0, shrunk.err);
    CHECK(std::filesystem::file_size(image.path()) == least);
    check_sound(image.path());
}

TEST_CASE("resize: one sector less than can be is refused, with the number that is missing") {
    const MadeImage image({"--size", "200m"});
    const auto before = image.bytes();
    const u64 least = min_size_of(image.path());
    check_refused(resize({"shrink", image.path(), std::to_string(least - 4096)}), 1,
                  {"the smallest size is " + std::to_string(least), "4096 more"}, "btrkit-resize");
    CHECK(image.bytes() == before);
}

TEST_CASE("resize: a dry run changes nothing, not even the file's length") {
    const MadeImage image({"--size", "200m"});
    const auto before = image.bytes();
    const auto run = resize({"shrink", "-n", "--format", "json", image.path(), "min+2M"});
    CHECK_MESSAGE(run.status == 0, run.err);
    const auto document = Json::parse(run.out);
    CHECK(document["dry_run"] == true);
    CHECK(document["devices"][0]["old_bytes"] == 200 * mib);
    CHECK(document["devices"][0]["new_bytes"] == min_size_of(image.path()) + 2 * mib);
    CHECK(resize({"grow", "-n", image.path(), "300m"}).status == 0);
    CHECK(std::filesystem::file_size(image.path()) == 200 * mib);
    CHECK(image.bytes() == before);
}

TEST_CASE("resize: with an undo file the file keeps its length, and undo goes back") {
    const MadeImage image({"--size", "200m"});
    const auto before = image.bytes();
    const auto undo = image.beside("undo");
    const auto run = resize({"shrink", "--undo", undo, image.path(), "190m"});
    CHECK_MESSAGE(run.status == 0, run.err);
    CHECK(run.out.find("keeps its length") != std::string::npos);
    CHECK(std::filesystem::file_size(image.path()) == 200 * mib);
    check_sound(image.path());
    CHECK(run_tool(apps::run_undo, {undo, image.path()}).status == 0);
    check_sound(image.path());
    CHECK(resize({"min-size", image.path()}).status == 0);
    check_refused(resize({"shrink", "--trim", "--undo", image.beside("other"), image.path(), "190m"}), 2,
                  {"exclude each other"}, "btrkit-resize");
}

TEST_CASE("resize: what can't be done leaves the file as long as it was") {
    const MadeImage image({"--size", "200m"});
    image.change([](SparseBytes& all) { all.write(64 * kib + 64, std::vector<std::byte>(8)); });
    CHECK(resize({"grow", image.path(), "300m"}).status == 1);
    CHECK(std::filesystem::file_size(image.path()) == 200 * mib);
}

TEST_CASE("resize: of several devices one must be chosen, unless all are to be as small as can be") {
    const MadeImage image({"--size", "200m", "-m", "raid1", "-d", "raid1"}, 2);
    const auto with_both = [&](std::vector<std::string> words) {
        words.insert(words.end(), {"--member", image.path(1)});
        return words;
    };
    check_refused(resize(with_both({"shrink", image.path(), "190m"})), 2, {"--devid"}, "btrkit-resize");
    check_refused(resize(with_both({"shrink", "--devid", "7", image.path(), "190m"})), 2, {"there is no device 7"},
                  "btrkit-resize");
    CHECK(resize(with_both({"shrink", "--devid", "2", image.path(), "190m"})).status == 0);
    CHECK(std::filesystem::file_size(image.path()) == 200 * mib);
    CHECK(std::filesystem::file_size(image.path(1)) == 190 * mib);
    CHECK(resize(with_both({"shrink", image.path(), "min"})).status == 0);
    CHECK(std::filesystem::file_size(image.path()) == std::filesystem::file_size(image.path(1)));
    CHECK(run_tool(apps::run_check, {"-q", image.path(), image.path(1)}).status == 0);
}

TEST_CASE("resize: words that are no sizes") {
    const MadeImage image({"--size", "200m"});
    for (const auto* word : {"mini", "min+", "min-4k", "max", "x"}) {
        CHECK(resize({"shrink", image.path(), word}).status == 2);
    }
    CHECK(resize({"grow", image.path(), "min"}).status == 2);
    CHECK(resize({"shrink", image.path()}).status == 2);
    CHECK(resize({"squeeze", image.path()}).err.find("no verb 'squeeze'") != std::string::npos);
}

} // namespace resize_test
