/** What Tidemark needs of a container engine, by its own tool and nothing else. */
import type { Volume } from '../../model/records';
import type { Host } from '../../hosts/contract';
import type { EngineImage } from './image-set';

/** A store of images as commands reach it. */
export interface Subject {
  host: Host;
  volume: Volume;
  /** The engine's tool with what chooses the store. */
  command: readonly string[];
  /** Marks what is run, so that it is found where the agent is lost; see `beginAttempt`. */
  attempt?: string;
}

export interface EngineLocation {
  exists: boolean;
  /** The engine's own folder. */
  root: string;
  /** How it stores layers: `overlay`, `vfs`. */
  storage: string;
}

/** Programs that need not be there are told with `ToolMissing`; what an engine says is classified by `failures.ts`. */
export interface Engine {
  /** Looks, changes and makes nothing. @throws UnsupportedCapture for an engine that can't be worked with. */
  locate(subject: Subject, location?: string): Promise<EngineLocation>;
  images(subject: Subject): Promise<EngineImage[]>;
  /** Names of manifest lists that the engine keeps beside images and can't give out as they are. */
  lists?(subject: Subject, images: readonly EngineImage[]): Promise<string[]>;
  /** Images that containers use, running or not. @param images as they were just listed */
  usedIds(subject: Subject, images: readonly EngineImage[]): Promise<Set<string>>;
  /** Makes a name stand for an image, whatever it stood for. @throws SourceChanged where there is no such image */
  tag(subject: Subject, image: EngineImage, name: string): Promise<void>;
  /**
   * Takes a name away, and with the last one its image; false where a container uses that. Nothing there is
   * not an error.
   */
  untag(subject: Subject, name: string): Promise<boolean>;
}
